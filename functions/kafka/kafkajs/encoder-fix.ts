import Encoder from 'kafkajs/src/protocol/encoder.js';

/** Every request is copied twice on its way out; kafkajs 2.2.4 also fills each new buffer with zeros first. */
Encoder.prototype.ensureAvailable = function ensureAvailable(this: Encoder, length: number): void {
  if (this.offset + length <= this.buf.length) return;
  const grown = Buffer.allocUnsafe(Math.max(this.offset + length, this.buf.length * 2));
  this.buf.copy(grown, 0, 0, this.offset);
  this.buf = grown;
};
