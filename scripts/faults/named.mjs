/**
 * Loaded into the processes of an instance (`node --import`): the first bytes of each connection to a proxy say whose it is
 * (HFT_FAULTS_CLIENT). A mapping and its functions are many processes, whose client ids are the same in all mappings.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';

// What `import` gives cannot be changed.
const net = createRequire(import.meta.url)('node:net');
const ports = new Set((process.env.HFT_FAULTS_PROXIES ?? '').split(',').map(Number));
const { connect } = net;

net.connect = (...given) => {
  const socket = connect(...given);
  // What is written before it is connected goes out first.
  if (ports.has(Number(given[0]?.port ?? given[0]))) socket.write(`hft-client:${process.env.HFT_FAULTS_CLIENT}\n`);
  return socket;
};
syncBuiltinESMExports();
