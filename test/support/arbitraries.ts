import fc from 'fast-check';
import {
  type Channel,
  type ClientId,
  type ConnectionId,
  type MessageId,
  type Offset,
  parseChannel,
  parseClientId,
  parseOffset,
  parseUserId,
  type UserId,
} from '../../src/shared';

/** Valid values of the contract's patterns, biased to what is at their edges. */
const idCharacter = fc.oneof(
  fc.constantFrom('_', '.', '@', ':', '|', '+', '-', "'", '=', '~'),
  fc.constantFrom('a', 'b', 'z', 'A', 'Z', '0', '9'),
  fc.constantFrom('é', 'ß', 'ж', '漢', '٣', '𝒳', '𐐷', 'हि', 'र्', 'נָ'),
);

function idOf(max: number): fc.Arbitrary<string> {
  return fc.string({ unit: idCharacter, minLength: 1, maxLength: max });
}

export const userIds: fc.Arbitrary<UserId> = idOf(128)
  .map((text) => parseUserId(text))
  .filter((id) => id !== undefined);

export const clientIds: fc.Arbitrary<ClientId> = idOf(64)
  .map((text) => parseClientId(text))
  .filter((id) => id !== undefined);

export const channels: fc.Arbitrary<Channel> = fc
  .string({ unit: fc.constantFrom('a', 'z', '0', '9', '_', '-'), minLength: 1, maxLength: 32 })
  .map((text) => parseChannel(text))
  .filter((channel) => channel !== undefined);

const digits = fc.bigInt({ min: 0n, max: 9_999_999_999_999_999n });
export const offsets: fc.Arbitrary<Offset> = fc
  .tuple(digits, digits)
  .map(([ms, n]) => parseOffset(`${ms}-${n}`))
  .filter((offset) => offset !== undefined);

export const connectionIds = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/) as fc.Arbitrary<ConnectionId>;
export const messageIds = fc.uuid({ version: 7 }) as fc.Arbitrary<MessageId>;
