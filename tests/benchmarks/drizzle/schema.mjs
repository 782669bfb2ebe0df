// The tables of a release as Drizzle sees them: the columns that it reads or writes.
import { bigint, bigserial, boolean, integer, jsonb, numeric, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'

const usdc = (name) => numeric(name, { precision: 20, scale: 6 })
const instant = (name) => timestamp(name, { withTimezone: true, mode: 'date' })

export const streams = pgTable('streams', {
  id: uuid('id').primaryKey(),
  status: text('status').notNull(),
  workerAccountId: bigint('worker_account_id', { mode: 'number' }).notNull(),
  escrowAccountId: bigint('escrow_account_id', { mode: 'number' }).notNull(),
  totalAmount: usdc('total_amount').notNull(),
  releasedAmount: usdc('released_amount').notNull(),
  sequence: integer('sequence').notNull(),
  startAt: instant('start_at').notNull(),
  durationSeconds: integer('duration_seconds').notNull(),
  releaseInterval: integer('release_interval').notNull(),
  nextReleaseAt: instant('next_release_at'),
  updatedAt: instant('updated_at').notNull(),
})

export const accounts = pgTable('accounts', {
  id: bigint('id', { mode: 'number' }).primaryKey(),
  balance: usdc('balance').notNull(),
  positiveSince: instant('positive_since'),
})

export const ledgerEntries = pgTable('ledger_entries', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  createdAt: instant('created_at').notNull(),
  kind: text('kind').notNull(),
  debitAccountId: bigint('debit_account_id', { mode: 'number' }).notNull(),
  creditAccountId: bigint('credit_account_id', { mode: 'number' }).notNull(),
  amount: usdc('amount').notNull(),
  streamId: uuid('stream_id'),
  sequence: integer('sequence'),
})

export const auditLogs = pgTable('audit_logs', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  createdAt: instant('created_at').notNull(),
  actorType: text('actor_type').notNull(),
  actorId: text('actor_id').notNull(),
  action: text('action').notNull(),
  resourceType: text('resource_type').notNull(),
  resourceId: text('resource_id').notNull(),
  changesBefore: jsonb('changes_before').notNull(),
  changesAfter: jsonb('changes_after').notNull(),
  success: boolean('success').notNull(),
  errorMessage: text('error_message').notNull(),
  userAgent: text('user_agent').notNull(),
  requestId: text('request_id').notNull(),
  metadata: jsonb('metadata').notNull(),
})
