// Signs texts by ADR-036 with CosmJS. Reads {keyType, privateKey, prefix, text} and writes {address, publicKey,
// signature}, as JSON, a line for each; the private key is in hexadecimal, the others as wallets have them.
import { createInterface } from "node:readline";

import {
  Secp256k1Wallet,
  encodeEthSecp256k1Pubkey,
  makeSignDoc,
  pubkeyToAddress,
  serializeSignDoc,
} from "@cosmjs/amino";
import { Secp256k1, keccak256 } from "@cosmjs/crypto";
import { fromHex, toBase64, toUtf8 } from "@cosmjs/encoding";

function documentOf(text, signer) {
  const message = { type: "sign/MsgSignData", value: { signer, data: toBase64(toUtf8(text)) } };
  return makeSignDoc([message], { gas: "0", amount: [] }, "", "", 0, 0);
}

async function signWithCosmos({ privateKey, prefix, text }) {
  const wallet = await Secp256k1Wallet.fromKey(fromHex(privateKey), prefix);
  const [{ address, pubkey }] = await wallet.getAccounts();
  const { signature } = await wallet.signAmino(address, documentOf(text, address));
  return { address, publicKey: toBase64(pubkey), signature: signature.signature };
}

function signWithEthermint({ privateKey, prefix, text }) {
  const key = fromHex(privateKey);
  const pubkey = Secp256k1.compressPubkey(Secp256k1.makeKeypair(key).pubkey);
  const address = pubkeyToAddress(encodeEthSecp256k1Pubkey(pubkey), prefix);
  const made = Secp256k1.createSignature(keccak256(serializeSignDoc(documentOf(text, address))), key);
  const signature = toBase64(new Uint8Array([...made.r(32), ...made.s(32)]));
  return { address, publicKey: toBase64(pubkey), signature };
}

for await (const line of createInterface({ input: process.stdin })) {
  const wanted = JSON.parse(line);
  const sign = wanted.keyType === "secp256k1" ? signWithCosmos : signWithEthermint;
  process.stdout.write(`${JSON.stringify(await sign(wanted))}\n`);
}
