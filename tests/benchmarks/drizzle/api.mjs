// The two requests of the API benchmark, as a small Hono server does them: a worker's overview, and a task posted
// under an idempotency key. It asks for the same credentials, counts the same limits and writes the same rows.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { serve } from '@hono/node-server'
import { and, desc, eq, getTableColumns, isNull, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Hono } from 'hono'
import Redis from 'ioredis'
import pg from 'pg'
import {
  accounts, answeredRequests, apiKeys, auditLogs, eventCounters, events, platforms, tasks, taskTallies, transactions,
  workers, workerSessions,
} from './schema.mjs'

const url = new URL(process.env.DATABASE_URL)
const pool = new pg.Pool({
  host: decodeURIComponent(url.hostname),
  port: Number(url.port || 5432),
  user: decodeURIComponent(url.username),
  password: decodeURIComponent(url.password),
  database: url.pathname.slice(1),
  max: 8,
  // Kept over the others' turns, as theirs are: what a connection costs is not measured.
  idleTimeoutMillis: 0,
  application_name: process.env.PGAPPNAME,
})
const db = drizzle(pool)
const redis = new Redis(process.env.CACHE_URL)
redis.defineCommand('take', {
  numberOfKeys: 1,
  lua: "local n = redis.call('INCR', KEYS[1]); if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end; return n",
})

const TOKEN_KEY = Buffer.from(process.env.TOKEN_KEY, 'hex')
const LIMIT = Number(process.env.API_REQUESTS_PER_MINUTE)
const sha256 = (text) => createHash('sha256').update(text).digest()

// UUIDv7, as the application makes its keys.
function newId() {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = 0x70 | (bytes[6] & 0x0f)
  bytes[8] = 0x80 | (bytes[8] & 0x3f)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const sessionOf = db.select({ worker: workers }).from(workerSessions)
  .innerJoin(workers, eq(workers.id, workerSessions.workerId))
  .where(and(
    eq(workerSessions.id, sql.placeholder('session')), eq(workerSessions.workerId, sql.placeholder('worker')),
    isNull(workerSessions.revokedAt), isNull(workers.deletedAt), eq(workers.status, 'active'),
  )).limit(1).prepare('session')
const balancesOf = db.select({ name: accounts.name, balance: accounts.balance }).from(accounts)
  .where(eq(accounts.workerId, sql.placeholder('worker'))).prepare('balances')
const {
  workerId: _worker, externalTaskId: _number, feeBps: _fee, completionProof: _proof, metadata: _notes,
  verificationData: _checks, ...shown
} = getTableColumns(tasks)
const tasksOf = db.select({ ...shown, platformName: platforms.name }).from(tasks)
  .innerJoin(platforms, eq(platforms.id, tasks.platformId))
  .where(eq(tasks.workerId, sql.placeholder('worker')))
  .orderBy(desc(tasks.createdAt), desc(tasks.id)).limit(10).prepare('tasks')
const transactionsOf = db.select().from(transactions)
  .where(eq(transactions.workerId, sql.placeholder('worker')))
  .orderBy(desc(transactions.createdAt), desc(transactions.id)).limit(10).prepare('transactions')
const keyOf = db.select({ key: apiKeys, platform: platforms }).from(apiKeys)
  .innerJoin(platforms, eq(platforms.id, apiKeys.platformId))
  .where(eq(apiKeys.prefix, sql.placeholder('prefix'))).limit(1).prepare('key')

const app = new Hono()

// Who calls, or null: an access token is a worker's, anything else a platform's key.
async function callerOf(text) {
  const [head, body, signature] = text.split('.')
  if (signature !== undefined) return workerOf(head, body, signature)
  const [, , prefix] = text.split('_')
  const [found] = await keyOf.execute({ prefix: prefix ?? '' })
  const now = new Date()
  if (!found || !timingSafeEqual(Buffer.from(found.key.secretHash, 'hex'), sha256(text))) return null
  if (found.key.revokedAt || (found.key.expiresAt && found.key.expiresAt <= now) || found.platform.deletedAt) return null
  if (!found.key.lastUsedAt || now - found.key.lastUsedAt >= 60_000) {
    await db.update(apiKeys).set({ lastUsedAt: now }).where(eq(apiKeys.id, found.key.id))
  }
  return { kind: 'platform', row: found.platform, scopes: found.key.scopes }
}

async function workerOf(head, body, signature) {
  const right = createHmac('sha256', TOKEN_KEY).update(`${head}.${body}`).digest()
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null
  const claims = JSON.parse(Buffer.from(body, 'base64url'))
  const now = Date.now() / 1000
  if (claims.typ !== 'access' || claims.aud !== 'gigstream:workers' || now < claims.iat || now >= claims.exp) return null
  const [found] = await sessionOf.execute({ session: claims.sid, worker: claims.sub })
  return found ? { kind: 'worker', row: found.worker, scopes: null } : null
}

app.use(async (c, next) => {
  const id = newId().replaceAll('-', '')
  const caller = await callerOf((c.req.header('authorization') ?? '').slice('Bearer '.length))
  if (!caller) return c.json({ code: 'not_authenticated' }, 401)
  const seconds = Math.floor(Date.now() / 1000)
  const name = `${caller.kind}:${caller.row.id}`
  const left = LIMIT - await redis.take(`peer:${name}:${Math.floor(seconds / 60)}`, 120)
  c.header('X-Request-Id', id)
  c.header('RateLimit', `"default";r=${Math.max(left, 0)};t=${60 - (seconds % 60)}`)
  c.header('RateLimit-Policy', `"default";q=${LIMIT};w=60`)
  c.header('Cache-Control', 'no-store')
  if (left < 0) return c.json({ code: 'rate_limited' }, 429)
  c.set('caller', caller)
  c.set('name', name)
  c.set('requestId', id)
  await next()
})

app.get('/api/v1/me/overview', async (c) => {
  const { passwordHash, walletId, metadata, accountAgedOn, deletedAt, updatedAt, ...me } = c.get('caller').row
  const [balances, latest, moved] = await Promise.all(
    [balancesOf, tasksOf, transactionsOf].map((query) => query.execute({ worker: me.id })),
  )
  const at = Object.fromEntries(balances.map(({ name, balance }) => [name, balance]))
  const balance = { available: at.available ?? '0.000000', inTransit: at.in_transit ?? '0.000000', owed: at.loan ?? '0.000000' }
  return c.json({ ...me, balance, tasks: latest, transactions: moved })
})

function validated(given) {
  const { title, description = '', task_type: taskType, amount, external_task_id: externalTaskId = null, ...rest } = given
  const unknown = Object.keys(rest).filter((name) => name !== 'metadata')
  if (unknown.length || typeof title !== 'string' || !title || title.length > 200 || taskType !== 'fixed') return null
  if (typeof amount !== 'string' || !/^(0|[1-9]\d{0,13})(\.\d{1,6})?$/.test(amount)) return null
  const [whole, part = ''] = amount.split('.')
  return { title, description, taskType, amount: `${whole}.${part.padEnd(6, '0')}`, externalTaskId, metadata: rest.metadata ?? {} }
}

app.post('/api/v1/tasks', async (c) => {
  const raw = await c.req.text()
  const plan = validated(JSON.parse(raw))
  if (!plan) return c.json({ code: 'invalid_input' }, 400)
  const asked = { caller: c.get('name'), method: 'POST', path: '/api/v1/tasks', key: c.req.header('idempotency-key') }
  const requestHash = sha256(raw).toString('hex')
  const answer = await db.transaction((tx) => once(tx, c, { ...asked, requestHash }, plan))
  return c.body(answer.body, answer.status, { 'Content-Type': 'application/json', ...answer.headers })
})

// The same request again gets the first answer; the rows of the first one commit together with it.
async function once(tx, c, asked, plan) {
  const { caller, method, path, key, requestHash } = asked
  const lock = sha256(`${caller}:${method}:${path}:${key}`).readBigInt64BE()
  const { rows: [{ held }] } = await tx.execute(sql`SELECT pg_try_advisory_xact_lock(${lock}) AS held`)
  if (!held) return { status: 409, body: '{}' }
  const [first] = await tx.select().from(answeredRequests).where(and(
    eq(answeredRequests.caller, caller), eq(answeredRequests.method, method),
    eq(answeredRequests.path, path), eq(answeredRequests.key, key),
  )).limit(1).prepare('answered').execute()
  if (first && first.requestHash !== requestHash) return { status: 422, body: '{}' }
  if (first) return { status: first.status, body: first.body, headers: { 'Idempotent-Replayed': 'true' } }
  const body = JSON.stringify(await create(tx, c, plan))
  await tx.insert(answeredRequests).values({ ...asked, status: 201, body }).prepare('answer').execute()
  return { status: 201, body }
}

// A task exists, its platform's figures count it, the audit log and the platform's next event tell of it.
async function create(tx, c, plan) {
  const { row: platform } = c.get('caller')
  const now = new Date()
  const [task] = await tx.insert(tasks).values({
    id: newId(), createdAt: now, updatedAt: now, platformId: platform.id, feeBps: platform.feeBps, status: 'created',
    verificationData: {}, completionProof: {}, ...plan,
  }).returning().prepare('task').execute()
  await tx.update(platforms).set({ totalTasks: sql`${platforms.totalTasks} + 1` })
    .where(eq(platforms.id, platform.id)).prepare('count').execute()
  await tx.insert(taskTallies).values({
    platformId: platform.id, taskType: task.taskType, createdTasks: 1, assignedTasks: 0, inProgressTasks: 0,
    completedTasks: 0, disputedTasks: 0, cancelledTasks: 0, paidAmount: '0', feeAmount: '0', took: '0',
  }).onConflictDoUpdate({
    target: [taskTallies.platformId, taskTallies.taskType],
    set: { createdTasks: sql`${taskTallies.createdTasks} + 1` },
  }).prepare('tally').execute()
  await tx.insert(auditLogs).values({
    createdAt: now, actorType: 'platform', actorId: platform.id, ipAddress: c.env.incoming.socket.remoteAddress,
    action: 'task.create', resourceType: 'task', resourceId: task.id, changesBefore: {},
    changesAfter: { amount: task.amount, task_type: task.taskType }, metadata: {}, success: true, errorMessage: '',
    userAgent: c.req.header('user-agent') ?? '', requestId: c.get('requestId'),
  }).prepare('log').execute()
  const [{ sequence }] = await tx.insert(eventCounters).values({ platformId: platform.id, lastSequence: 1 })
    .onConflictDoUpdate({
      target: eventCounters.platformId, set: { lastSequence: sql`${eventCounters.lastSequence} + 1` },
    }).returning({ sequence: eventCounters.lastSequence }).prepare('number').execute()
  const { id, externalTaskId, title, taskType, status, workerId, amount, feeBps, paidAmount, ...more } = task
  await tx.insert(events).values({
    id: newId(), createdAt: now, platformId: platform.id, sequence, type: 'task.created', requestId: c.get('requestId'),
    payload: {
      id, external_task_id: externalTaskId, title, task_type: taskType, status, worker_id: workerId, amount,
      fee_bps: feeBps, paid_amount: paidAmount, duration_seconds: more.durationSeconds,
      release_interval: more.releaseInterval, due_at: more.dueAt, created_at: more.createdAt,
      assigned_at: more.assignedAt, started_at: more.startedAt, disputed_at: more.disputedAt,
      completed_at: more.completedAt, cancelled_at: more.cancelledAt,
    },
  }).prepare('event').execute()
  const { verificationData, platformId, ...answer } = task
  return { ...answer, milestones: [] }
}

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) })
