import { ValidateBy, ValidateIf, type ValidationError, validateSync } from 'class-validator';
import { BeelineError, badRequest, type FieldProblem } from './errors';
import {
  CLIENT_ID_PROBLEM,
  ID_PROBLEM,
  parseChannel,
  parseClientId,
  parseDeviceId,
  parseUserId,
} from './ids';
import { isPlainObject, problemOfJson } from './json';
import { parseOffset, parseUpTo } from './offset';
import { type PreparedChecks, prepareChecks } from './prepared-checks';

/**
 * Checks one request, from whichever door, against its DTO: a class whose fields carry class-validator
 * decorators. Fields that the DTO does not declare are ignored, and never copied: `__proto__` among them.
 * Throws `bad_request` with the fields and what is wrong with each; never repeats a value.
 */
export function validate<T extends object>(Dto: new () => T, payload: unknown): T {
  if (!isPlainObject(payload)) {
    throw badRequest([{ field: 'payload', problem: 'must be an object' }]);
  }
  const dto = new Dto();
  const { fields, isValid } = preparedFor(Dto);
  for (const field of fields) {
    if (Object.hasOwn(payload, field)) Reflect.set(dto, field, payload[field]);
  }
  if (isValid?.(dto)) return dto;
  const errors = validateSync(dto, { stopAtFirstError: true, forbidUnknownValues: false });
  if (errors.length > 0) throw toBadRequest(errors);
  return dto;
}

interface Prepared {
  /** A DTO declares its fields with initialisers, so one empty instance names them all. */
  fields: string[];
  isValid: PreparedChecks | undefined;
}

const preparedByDto = new WeakMap<object, Prepared>();

function preparedFor(Dto: new () => object): Prepared {
  let prepared = preparedByDto.get(Dto);
  if (prepared === undefined) {
    prepared = { fields: Object.keys(new Dto()), isValid: prepareChecks(Dto) };
    preparedByDto.set(Dto, prepared);
  }
  return prepared;
}

function toBadRequest(errors: ValidationError[]): BeelineError {
  const details: FieldProblem[] = errors.map((error) => ({
    field: error.property,
    problem: Object.values(error.constraints ?? {})[0] ?? 'is invalid',
  }));
  return badRequest(details);
}

/**
 * A field that goes through one of our parsers: what the parser refuses is `bad_request`, what it returns
 * (normalised, branded) takes the field's place, so that everything behind the door sees the checked form.
 */
function ParsedBy(name: string, parse: (value: unknown) => unknown, problem: string): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown, args): boolean => {
        const parsed = parse(value);
        if (parsed === undefined) return false;
        if (args !== undefined && parsed !== value) Reflect.set(args.object, args.property, parsed);
        return true;
      },
      defaultMessage: () => problem,
    },
  });
}

export const IsUserId = (): PropertyDecorator => ParsedBy('isUserId', parseUserId, ID_PROBLEM);
export const IsDeviceId = (): PropertyDecorator => ParsedBy('isDeviceId', parseDeviceId, ID_PROBLEM);
export const IsClientId = (): PropertyDecorator => ParsedBy('isClientId', parseClientId, CLIENT_ID_PROBLEM);
export const IsChannel = (): PropertyDecorator =>
  ParsedBy('isChannel', parseChannel, 'must be 1 to 32 of a-z, 0-9, _ and -');
export const IsOffset = (): PropertyDecorator =>
  ParsedBy('isOffset', parseOffset, 'must be an offset: digits, a dash, digits');

/** An offset, or `last`. */
export const IsUpTo = (): PropertyDecorator =>
  ParsedBy('isUpTo', parseUpTo, 'must be an offset: digits, a dash, digits; or "last"');

/** May be missing; null is a value, and a wrong one. */
export const Optional = (): PropertyDecorator => ValidateIf((_dto, value) => value !== undefined);

/** Between one and `max` user ids. */
export const IsUserIds = (max: number): PropertyDecorator =>
  ParsedBy('isUserIds', (value) => parseUserIds(value, max), `must be an array of 1 to ${max} user ids`);

function parseUserIds(value: unknown, max: number): unknown {
  if (!Array.isArray(value) || value.length === 0 || value.length > max) return undefined;
  const users = value.map(parseUserId);
  return users.includes(undefined) ? undefined : users;
}

/** Any JSON value, null included, but not a missing one. */
export const IsJsonBody = (): PropertyDecorator =>
  ValidateBy({
    name: 'isJsonBody',
    validator: {
      validate: (value: unknown) => value !== undefined && problemOfJson(value) === undefined,
      defaultMessage: (args) =>
        args?.value === undefined ? 'is missing' : (problemOfJson(args.value) ?? 'must be a JSON value'),
    },
  });
