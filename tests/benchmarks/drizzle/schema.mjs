// The tables as Drizzle sees them: the columns that it reads or writes.
import {
  bigint, bigserial, boolean, date, inet, integer, interval, jsonb, numeric, pgTable, smallint, text, timestamp, uuid,
} from 'drizzle-orm/pg-core'

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
  name: text('name').notNull(),
  workerId: uuid('worker_id'),
  balance: usdc('balance').notNull(),
  oldestPartAt: instant('oldest_part_at'),
})

export const ledgerEntries = pgTable('ledger_entries', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  createdAt: instant('created_at').notNull(),
  kind: text('kind').notNull(),
  debitAccountId: bigint('debit_account_id', { mode: 'number' }).notNull(),
  creditAccountId: bigint('credit_account_id', { mode: 'number' }).notNull(),
  amount: usdc('amount').notNull(),
  subjectKind: smallint('subject_kind'),
  subjectId: uuid('subject_id'),
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
  ipAddress: inet('ip_address'),
})

export const workers = pgTable('workers', {
  id: uuid('id').primaryKey(),
  createdAt: instant('created_at').notNull(),
  updatedAt: instant('updated_at').notNull(),
  deletedAt: instant('deleted_at'),
  email: text('email').notNull(),
  fullName: text('full_name').notNull(),
  passwordHash: text('password_hash').notNull(),
  walletId: text('wallet_id').notNull(),
  walletAddress: text('wallet_address'),
  status: text('status').notNull(),
  lastLoginAt: instant('last_login_at'),
  metadata: jsonb('metadata').notNull(),
  reputationScore: smallint('reputation_score').notNull(),
  totalTasks: integer('total_tasks').notNull(),
  totalEarned: usdc('total_earned').notNull(),
  completionRate: numeric('completion_rate').notNull(),
  averageRating: numeric('average_rating'),
  disputeRate: numeric('dispute_rate').notNull(),
  accountAgeDays: integer('account_age_days').notNull(),
  accountAgedOn: date('account_aged_on'),
  lastActiveAt: instant('last_active_at'),
})

export const workerSessions = pgTable('worker_sessions', {
  id: uuid('id').primaryKey(),
  workerId: uuid('worker_id').notNull(),
  revokedAt: instant('revoked_at'),
})

export const platforms = pgTable('platforms', {
  id: uuid('id').primaryKey(),
  deletedAt: instant('deleted_at'),
  name: text('name').notNull(),
  isActive: boolean('is_active').notNull(),
  feeBps: smallint('fee_bps').notNull(),
  totalTasks: integer('total_tasks').notNull(),
})

export const apiKeys = pgTable('api_keys', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  platformId: uuid('platform_id').notNull(),
  prefix: text('prefix').notNull(),
  secretHash: text('secret_hash').notNull(),
  scopes: text('scopes').array().notNull(),
  lastUsedAt: instant('last_used_at'),
  expiresAt: instant('expires_at'),
  revokedAt: instant('revoked_at'),
})

export const tasks = pgTable('tasks', {
  id: uuid('id').primaryKey(),
  createdAt: instant('created_at').notNull(),
  updatedAt: instant('updated_at').notNull(),
  externalTaskId: text('external_task_id'),
  title: text('title').notNull(),
  description: text('description').notNull(),
  taskType: text('task_type').notNull(),
  amount: usdc('amount').notNull(),
  feeBps: smallint('fee_bps').notNull(),
  status: text('status').notNull(),
  dueAt: instant('due_at'),
  assignedAt: instant('assigned_at'),
  startedAt: instant('started_at'),
  completedAt: instant('completed_at'),
  cancelledAt: instant('cancelled_at'),
  disputedAt: instant('disputed_at'),
  durationSeconds: integer('duration_seconds'),
  releaseInterval: integer('release_interval'),
  paidAmount: usdc('paid_amount'),
  verificationData: jsonb('verification_data').notNull(),
  completionProof: jsonb('completion_proof').notNull(),
  workerRating: smallint('worker_rating'),
  platformRating: smallint('platform_rating'),
  metadata: jsonb('metadata').notNull(),
  platformId: uuid('platform_id').notNull(),
  workerId: uuid('worker_id'),
})

export const transactions = pgTable('transactions', {
  id: uuid('id').primaryKey(),
  createdAt: instant('created_at').notNull(),
  type: text('type').notNull(),
  status: text('status').notNull(),
  amount: usdc('amount').notNull(),
  platformId: uuid('platform_id'),
  taskId: uuid('task_id'),
  streamId: uuid('stream_id'),
  loanId: uuid('loan_id'),
  toWallet: text('to_wallet').notNull(),
  txHash: text('tx_hash'),
  blockNumber: bigint('block_number', { mode: 'number' }),
  confirmations: integer('confirmations').notNull(),
  submittedAt: instant('submitted_at'),
  confirmedAt: instant('confirmed_at'),
  endedAt: instant('ended_at'),
  workerId: uuid('worker_id'),
})

export const taskTallies = pgTable('task_tallies', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  platformId: uuid('platform_id').notNull(),
  taskType: text('task_type').notNull(),
  createdTasks: integer('created_tasks').notNull(),
  assignedTasks: integer('assigned_tasks').notNull(),
  inProgressTasks: integer('in_progress_tasks').notNull(),
  completedTasks: integer('completed_tasks').notNull(),
  disputedTasks: integer('disputed_tasks').notNull(),
  cancelledTasks: integer('cancelled_tasks').notNull(),
  paidAmount: usdc('paid_amount').notNull(),
  feeAmount: usdc('fee_amount').notNull(),
  took: interval('took').notNull(),
})

export const eventCounters = pgTable('event_counters', {
  platformId: uuid('platform_id').primaryKey(),
  lastSequence: bigint('last_sequence', { mode: 'number' }).notNull(),
})

export const events = pgTable('events', {
  id: uuid('id').primaryKey(),
  createdAt: instant('created_at').notNull(),
  sequence: bigint('sequence', { mode: 'number' }).notNull(),
  type: text('type').notNull(),
  requestId: text('request_id').notNull(),
  payload: jsonb('payload').notNull(),
  platformId: uuid('platform_id').notNull(),
})

export const answeredRequests = pgTable('answered_requests', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  caller: text('caller').notNull(),
  method: text('method').notNull(),
  path: text('path').notNull(),
  key: text('key').notNull(),
  requestHash: text('request_hash').notNull(),
  status: smallint('status').notNull(),
  body: text('body').notNull(),
})
