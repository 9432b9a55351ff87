import type { Channel, ClientId, MessageId, UserId } from './ids';
import { type Offset, sentAtOf } from './offset';

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A message as clients see it. */
export interface Message {
  id: MessageId;
  channel: Channel;
  from: UserId;
  to: UserId;
  body: Json;
  /** The store's clock, Unix ms. */
  sentAt: number;
  clientId?: ClientId;
  offset: Offset;
  /** Set where the sender asked for receipts. */
  receipt?: true;
}

/** What is known of a message before the store has given it its place. */
export type Draft = Omit<Message, 'offset' | 'sentAt' | 'body'>;

declare const brand: unique symbol;

/**
 * The JSON text of a draft. It is printed once, by the node that took the message, stored as it is, and
 * completed by text from there on: no later reader parses it.
 */
export type DraftJson = string & { readonly [brand]: 'DraftJson' };
/** The JSON text of a whole message, as it goes to a client. */
export type MessageJson = string & { readonly [brand]: 'MessageJson' };

/** Prints a draft around a body that is JSON text already. No id pattern allows a quote or a backslash. */
export function printDraft(draft: Draft, bodyJson: string): DraftJson {
  const { id, channel, from, to, clientId, receipt } = draft;
  const clientIdPart = clientId === undefined ? '' : `,"clientId":"${clientId}"`;
  const receiptPart = receipt ? ',"receipt":true' : '';
  return `{"id":"${id}","channel":"${channel}","from":"${from}","to":"${to}","body":${bodyJson}${clientIdPart}${receiptPart}}` as DraftJson;
}

/** Printed last, so that a draft's end tells: a body that ends alike is closed by a bracket more. */
const ASKS_FOR_RECEIPT = ',"receipt":true}';

export function draftAsksForReceipt(draft: DraftJson): boolean {
  return draft.endsWith(ASKS_FOR_RECEIPT);
}

/** Who sent it: stands before the body, and no id can hold a quote. */
export function senderOfDraft(draft: DraftJson): UserId | undefined {
  return /"from":"([^"]+)"/.exec(draft)?.[1] as UserId | undefined;
}

/** Adds what the store decided: the offset, and the time that is part of it. */
export function completeDraft(draft: DraftJson, offset: Offset): MessageJson {
  return `${draft.slice(0, -1)},"sentAt":${sentAtOf(offset)},"offset":"${offset}"}` as MessageJson;
}

/** For REST pages and pull answers, whose transports print objects. */
export function parseMessage(json: MessageJson): Message {
  return JSON.parse(json) as Message;
}
