import { ValidateBy } from 'class-validator';
import {
  type Channel,
  isPlainObject,
  type Offset,
  parseChannel,
  parseOffset,
  parseUserId,
  type UserId,
} from '../../shared';

/** A message by its place in the receiver's inbox. */
export interface SentMessage {
  to: UserId;
  channel: Channel;
  offset: Offset;
}

/** Messages that may be asked about at a time. */
const MAX_MESSAGES = 200;

/** `receipts:get`. */
export class ReceiptsQueryDto {
  @ValidateBy({
    name: 'isSentMessages',
    validator: {
      validate: (value: unknown, args): boolean => {
        const parsed = parseMessages(value);
        if (parsed !== undefined && args !== undefined) Reflect.set(args.object, args.property, parsed);
        return parsed !== undefined;
      },
      defaultMessage: () => `must be an array of 1 to ${MAX_MESSAGES} objects with to, channel and offset`,
    },
  })
  messages: SentMessage[] = [];
}

function parseMessages(value: unknown): SentMessage[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_MESSAGES) return undefined;
  const messages = value.map(parseMessage);
  return messages.every((message) => message !== undefined) ? messages : undefined;
}

function parseMessage(value: unknown): SentMessage | undefined {
  if (!isPlainObject(value)) return undefined;
  const [to, channel] = [parseUserId(value['to']), parseChannel(value['channel'])];
  const offset = parseOffset(value['offset']);
  return to && channel && offset && { to, channel, offset };
}
