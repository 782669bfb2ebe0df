// Circle's own SDK for Node makes a wallet set, two wallets and a transfer on the server given as argument.
import { initiateDeveloperControlledWalletsClient } from '@circle-fin/developer-controlled-wallets'

const server = process.argv[2]
const blockchain = 'ARC-TESTNET'
const client = initiateDeveloperControlledWalletsClient({
  apiKey: process.env.CIRCLE_API_KEY,
  entitySecret: process.env.CIRCLE_ENTITY_SECRET,
  baseUrl: server,
})

async function tell(what, body) {
  const answer = await fetch(`${server}/_simulator/${what}`, { method: 'POST', body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${what}: ${answer.status}`)
}

const set = (await client.createWalletSet({ name: 'from node' })).data.walletSet
const wallets = (
  await client.createWallets({ walletSetId: set.id, blockchains: [blockchain], count: 2, accountType: 'EOA' })
).data.wallets
const [house, worker] = wallets
await tell('fund', { walletId: house.id, amount: '100' })

const transfer = {
  walletId: house.id,
  tokenAddress: '0x3600000000000000000000000000000000000000',
  blockchain,
  destinationAddress: worker.address,
  amount: ['12.5'],
  fee: { type: 'level', config: { feeLevel: 'MEDIUM' } },
  idempotencyKey: '00000000-0000-4000-8000-000000000001',
  refId: 'from node',
}
const taken = (await client.createTransaction(transfer)).data
const again = (await client.createTransaction(transfer)).data
await tell('clock', { advance: 60 })

const done = (await client.getTransaction({ id: taken.id })).data.transaction
const listed = (await client.listTransactions({ walletIds: [house.id], txType: 'OUTBOUND' })).data.transactions
const balance = (await client.getWalletTokenBalance({ id: worker.id })).data.tokenBalances
const refused = await client.createTransaction({ ...transfer, amount: ['13'] }).catch((error) => error)

console.log(
  JSON.stringify({
    walletSet: set.id,
    wallets: wallets.length,
    taken,
    again,
    done,
    listed: listed.map((one) => one.id),
    balance: balance[0].amount,
    refused: refused.response?.status ?? refused.status,
  }),
)
