import fc from 'fast-check';
import type { ErrorBody } from './errors';
import type { Channel, ClientId, DeviceId, UserId } from './ids';
import type { Offset } from './offset';
import {
  IsChannel,
  IsClientId,
  IsDeviceId,
  IsJsonBody,
  IsOffset,
  IsUserId,
  IsUserIds,
  Optional,
  validate,
} from './validation';

class SampleDto {
  @IsUserId() to: UserId = undefined as unknown as UserId;
  @IsJsonBody() body: unknown = undefined;
  @Optional() @IsChannel() channel?: Channel = undefined;
  @Optional() @IsClientId() clientId?: ClientId = undefined;
  @Optional() @IsDeviceId() deviceId?: DeviceId = undefined;
  @Optional() @IsOffset() after?: Offset = undefined;
  @Optional() @IsUserIds(2) users?: UserId[] = undefined;
}

const good = { to: 'bob', body: { text: 'hi' } };

function problemsOf(payload: unknown): ErrorBody['details'] {
  try {
    validate(SampleDto, payload);
  } catch (error) {
    const { code, details } = (error as { toBody(): ErrorBody }).toBody();
    return code === 'bad_request' ? details : undefined;
  }
  return [];
}

const fieldsRefusedIn = (payload: unknown): string[] | undefined =>
  problemsOf(payload)?.map(({ field }) => field);

describe('validation', () => {
  it('takes what is right and leaves out what is not asked for', () => {
    const dto = validate(SampleDto, { ...good, channel: 'chat', extra: 1 });
    expect(dto).toEqual(Object.assign(new SampleDto(), good, { channel: 'chat' }));
    expect(dto).not.toHaveProperty('extra');
  });

  it('hands on the normalised form', () => {
    const dto = validate(SampleDto, { ...good, to: 'Zoe\u0308', after: '007-0', users: ['e\u0301'] });
    expect([dto.to, dto.after, dto.users]).toEqual(['Zo\u00eb', '7-0', ['\u00e9']]);
  });

  it.each([undefined, null, 1, 'text', true, [], [good], Buffer.from('{}')])(
    'refuses %j as a payload',
    (payload) => {
      expect(fieldsRefusedIn(payload)).toEqual(['payload']);
    },
  );

  it.each(['to', 'channel', 'clientId', 'deviceId', 'after', 'users'])('refuses a wrong %s', (field) => {
    for (const wrong of [null, 1, true, '', {}, [], 'a b', '{}', ['a b'], 'x'.repeat(200), '__proto__ ']) {
      expect(fieldsRefusedIn({ ...good, [field]: wrong })).toEqual([field]);
    }
  });

  it('names every wrong field at once, and what is missing', () => {
    expect(fieldsRefusedIn({})).toEqual(['to', 'body']);
    expect(fieldsRefusedIn({ to: 1, body: 1, after: 'x' })).toEqual(['to', 'after']);
  });

  it('takes null for a body, and no body for a missing one', () => {
    expect(problemsOf({ ...good, body: null })).toEqual([]);
    expect(problemsOf({ to: 'bob' })).toEqual([{ field: 'body', problem: 'is missing' }]);
    expect(problemsOf({ ...good, body: Number.NaN })).toEqual([
      { field: 'body', problem: 'must hold finite numbers only' },
    ]);
  });

  it('counts the users of a list', () => {
    expect(problemsOf({ ...good, users: ['a', 'b'] })).toEqual([]);
    expect(fieldsRefusedIn({ ...good, users: ['a', 'b', 'c'] })).toEqual(['users']);
  });

  it('takes no field from a prototype, and gives none to one', () => {
    const payload: unknown = JSON.parse(
      '{"__proto__":{"to":"bob","body":1},"constructor":{"prototype":{"x":1}}}',
    );
    expect(fieldsRefusedIn(payload)).toEqual(['to', 'body']);
    expect(fieldsRefusedIn(Object.create(good))).toEqual(['to', 'body']);
    const dto = validate(SampleDto, JSON.parse('{"to":"bob","body":1,"__proto__":{"polluted":true}}'));
    expect(Object.getPrototypeOf(dto)).toBe(SampleDto.prototype);
    expect('polluted' in dto || 'polluted' in {}).toBe(false);
  });

  it('never repeats what it was given', () => {
    const secret = '\u0000hunter2';
    for (const field of ['to', 'channel', 'clientId', 'deviceId', 'after', 'users']) {
      expect(JSON.stringify(problemsOf({ ...good, [field]: secret }))).not.toContain('hunter2');
    }
  });

  it('answers any object whatever with bad_request or a DTO', () => {
    const fields = fc.constantFrom('to', 'body', 'channel', 'after', 'users', '__proto__', 'constructor');
    fc.assert(
      fc.property(fc.dictionary(fields, fc.anything()), (payload) => {
        expect(problemsOf(payload)).toBeDefined();
      }),
    );
  });
});
