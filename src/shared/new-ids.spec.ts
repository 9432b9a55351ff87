import { isOpaqueId } from './ids';
import { newConnectionId, newMessageId } from './new-ids';

/** Several pools of random bytes long. */
const MANY = 5000;

describe('new ids', () => {
  it('of messages are UUIDv7, each another, in the order they were made in', () => {
    const ids = Array.from({ length: MANY }, newMessageId);
    const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(ids.filter((id) => !uuidV7.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(MANY);
    expect(ids.toSorted()).toEqual(ids);
  });

  it('of connections are opaque and of 96 bits, each another, whatever is made between them', () => {
    const ids = Array.from({ length: MANY }, (_, i) => (i % 3 === 0 ? newMessageId() : newConnectionId()));
    const connections = ids.filter((_, i) => i % 3 !== 0);
    expect(connections.filter((id) => id.length !== 16 || !isOpaqueId(id))).toEqual([]);
    expect(new Set(ids).size).toBe(MANY);
  });

  it('use no random bits twice, and every one of them', () => {
    const words = Array.from({ length: MANY }, () => Buffer.from(newConnectionId(), 'base64url')).flatMap(
      (bytes) => [0, 4, 8].map((place) => bytes.readUInt32LE(place)),
    );
    // By chance about one in 38: two words of 15,000 alike.
    expect(words.length - new Set(words).size).toBeLessThan(4);
    const ones = words.reduce((sum, word) => sum | word, 0);
    expect(ones).toBe(-1);
  });
});
