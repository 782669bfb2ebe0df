// Releases due streams row by row: for each a transaction that locks it, inserts the entry and the audit log, and
// moves the stream and both balances. Takes commands and gives answers, a line of JSON each.
import { createInterface } from 'node:readline'
import { and, asc, eq, lte, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { accounts, auditLogs, ledgerEntries, streams } from './schema.mjs'

const url = new URL(process.env.DATABASE_URL)
const client = new pg.Client({
  host: decodeURIComponent(url.hostname),
  port: Number(url.port || 5432),
  user: decodeURIComponent(url.username),
  password: decodeURIComponent(url.password),
  database: url.pathname.slice(1),
})
await client.connect()
const db = drizzle(client)

const MICRO = 1_000_000n
const micro = (text) => {
  const [whole, part = ''] = text.split('.')
  return BigInt(whole) * MICRO + BigInt(part.padEnd(6, '0'))
}
const usdc = (amount) => `${amount / MICRO}.${String(amount % MICRO).padStart(6, '0')}`

// What the stream owes at `now`, and when it is due again. None of the streams here has ever been paused.
function next(stream, now) {
  const { startAt, durationSeconds: duration, releaseInterval: interval } = stream
  const elapsed = Math.min(Math.max(Math.floor((now - startAt) / 1000), 0), duration)
  const slots = elapsed >= duration ? duration : Math.floor(elapsed / interval) * interval
  const total = micro(stream.totalAmount)
  const vested = elapsed >= duration ? total : (total * BigInt(slots)) / BigInt(duration)
  const due = Math.min((Math.floor(elapsed / interval) + 1) * interval, duration)
  return { vested, amount: vested - micro(stream.releasedAmount), nextReleaseAt: new Date(+startAt + due * 1000) }
}

async function releaseOne(id, now) {
  await db.transaction(async (tx) => {
    const [stream] = await tx.select().from(streams).where(eq(streams.id, id)).for('update')
    const { vested, amount, nextReleaseAt } = next(stream, now)
    const sequence = stream.sequence + 1
    await tx.update(streams)
      .set({ releasedAmount: usdc(vested), sequence, nextReleaseAt, updatedAt: now })
      .where(eq(streams.id, id))
    await tx.insert(ledgerEntries).values({
      createdAt: now, kind: 'release', debitAccountId: stream.escrowAccountId,
      creditAccountId: stream.workerAccountId, amount: usdc(amount), subjectKind: 2, subjectId: id, sequence,
    })
    await tx.update(accounts)
      .set({
        balance: sql`${accounts.balance} + ${usdc(amount)}`,
        oldestPartAt: sql`coalesce(${accounts.oldestPartAt}, ${now.toISOString()}::timestamptz)`,
      })
      .where(eq(accounts.id, stream.workerAccountId))
    await tx.update(accounts)
      .set({ balance: sql`${accounts.balance} - ${usdc(amount)}` })
      .where(eq(accounts.id, stream.escrowAccountId))
    await tx.insert(auditLogs).values({
      createdAt: now, actorType: 'system', actorId: '', action: 'stream.release', resourceType: 'stream', resourceId: id,
      changesBefore: {}, changesAfter: { released_amount: usdc(vested), sequence }, metadata: { amount: usdc(amount) },
      success: true, errorMessage: '', userAgent: '', requestId: '',
    })
  })
}

async function run({ now: text, limit }) {
  const now = new Date(text)
  const due = await db.select({ id: streams.id }).from(streams)
    .where(and(eq(streams.status, 'active'), lte(streams.nextReleaseAt, now)))
    .orderBy(asc(streams.nextReleaseAt)).limit(limit)
  for (const { id } of due) await releaseOne(id, now)
  return { count: due.length }
}

const commands = {
  backend: async () => ({ pid: (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid }),
  run,
}

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...asked } = JSON.parse(line)
  process.stdout.write(`${JSON.stringify(await commands[name](asked))}\n`)
}
await client.end()
