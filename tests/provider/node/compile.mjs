// Compiles a Solidity file and prints the ABI and the bytecode of one of its contracts, as JSON.
// node compile.mjs FILE CONTRACT
import { readFileSync } from "node:fs";
import solc from "solc";

const [file, contract] = process.argv.slice(2);
const input = {
  language: "Solidity",
  sources: { [contract]: { content: readFileSync(file, "utf8") } },
  settings: {
    evmVersion: "paris",
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { [contract]: { [contract]: ["abi", "evm.bytecode.object"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
if (output.errors?.length) {
  console.error(output.errors.map((one) => one.formattedMessage).join("\n"));
  process.exit(1);
}
const { abi, evm } = output.contracts[contract][contract];
console.log(JSON.stringify({ abi, bytecode: evm.bytecode.object }));
