import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { CommandError } from '../../../scripts/support/command.ts';
import { openBroker } from '../../../scripts/support/kafka/broker.ts';
import {
  incrementalAlterConfigs,
  incrementalAlterConfigsKey,
} from '../../../scripts/support/kafka/incremental-alter-configs.ts';
import { type Inside, insideOf } from '../inside.ts';
import type { BrokerPorts } from '../layout.ts';
import { replaceBroker, securityFiles } from './files.ts';

/** The certificate that brokers show from now on. */
export interface Renewed {
  readonly serial: string;
  /** Until when it is good, as the certificate says it. */
  readonly notAfter: string;
  /** Those that took it while they run; others do when they start. */
  readonly brokers: readonly number[];
}

const patienceMs = 20_000;
const pollMs = 100;
const connectTimeoutMs = 3_000;
/** Four times the threads that a listener has by default. */
const connectionsInTurn = 12;

/**
 * Makes the brokers a new key and certificate of the same authority, and has those that run take it up: whoever connects
 * afterwards sees the new one, open connections stay. What is among controllers only is theirs at the next start.
 * @throws CommandError when a broker does not take it; then the next start takes the old one
 */
export async function renewCertificates(dir: string, running: readonly BrokerPorts[]): Promise<Renewed> {
  const before = insideOf(dir, { secure: true });
  const { certificate, undo } = replaceBroker(dir);
  const { serialNumber: serial, validTo: notAfter } = new X509Certificate(certificate);
  const after = insideOf(dir, { secure: true });
  try {
    for (const broker of running) await takeUp(dir, broker, before);
    for (const broker of running) {
      for (const port of [broker.port, after.port(broker)]) await untilShown(broker.id, port, serial, after);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return { serial, notAfter, brokers: running.map(({ id }) => id) };
}

/** Brokers read a file anew when they are told its path, be it the same; each is told by itself, and takes no other's. */
async function takeUp(dir: string, broker: BrokerPorts, inside: Inside): Promise<void> {
  const connection = await openBroker(`127.0.0.1:${inside.port(broker)}`, { ssl: inside.ssl ?? {} });
  try {
    const path = securityFiles(dir).broker;
    const settings = new Map(
      ['clients', 'inside'].map((listener) => [`listener.name.${listener}.ssl.keystore.location`, path]),
    );
    const change = { broker: broker.id, settings };
    const { resources } = await connection.askWith(incrementalAlterConfigsKey, incrementalAlterConfigs, change);
    const refused = resources.find(({ errorCode }) => errorCode !== 0);
    if (!refused) return;
    const reason = refused.errorMessage ?? `error ${refused.errorCode}`;
    throw new CommandError(`broker ${broker.id} does not take the new certificate (${reason}): the old one stays`);
  } finally {
    await connection.close();
  }
}

/** Each network thread of a listener has certificates of its own, and takes the next connection in turn. */
async function untilShown(id: number, port: number, serial: string, inside: Inside): Promise<void> {
  const until = Date.now() + patienceMs;
  for (let inTurn = 0; inTurn < connectionsInTurn; ) {
    const shown = await serialShown(port, inside);
    inTurn = shown === serial ? inTurn + 1 : 0;
    if (inTurn > 0) continue;
    if (Date.now() > until) {
      const what = shown === undefined ? 'does not answer' : `still shows certificate ${shown}`;
      throw new CommandError(`broker ${id} ${what} at port ${port}: look at its log. The old certificate stays`);
    }
    await delay(pollMs);
  }
}

/** The serial number of the certificate that a listener shows; undefined when it does not answer. */
function serialShown(port: number, { ssl }: Inside): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ ...ssl, port, host: '127.0.0.1' });
    const end = (serial?: string): void => {
      socket.destroy();
      resolve(serial);
    };
    socket.once('secureConnect', () => end(socket.getPeerCertificate().serialNumber));
    socket.once('error', () => end());
    socket.setTimeout(connectTimeoutMs, () => end());
  });
}
