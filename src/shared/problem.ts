import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, ApiResponse, type ApiResponseOptions } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorBody, type ErrorCode, type FieldProblem } from './errors';

export class FieldProblemDto implements FieldProblem {
  @ApiProperty({ type: String, example: 'to' }) field!: string;
  @ApiProperty({ type: String, description: 'What is wrong with it, never the value.' }) problem!: string;
}

class FailureDto {
  @ApiProperty({ type: String, enum: Object.keys(ERROR_CODES) }) code!: ErrorCode;

  @ApiProperty({ type: Boolean, description: 'Whether the same request may succeed later.' })
  retryable!: boolean;

  @ApiPropertyOptional({ type: Number, description: 'Wait as long as this, in milliseconds.' })
  retryAfterMs?: number;

  @ApiPropertyOptional({ type: [FieldProblemDto] }) details?: FieldProblemDto[];
}

/** An error inside an answer. */
export class ErrorDto extends FailureDto implements ErrorBody {
  @ApiProperty({ type: String, description: 'For people.' }) message!: string;
}

/** An error as the answer: RFC 9457. */
export class ProblemDto extends FailureDto {
  @ApiProperty({ type: String, enum: ['about:blank'] }) type!: string;
  @ApiProperty({ type: String, description: 'The code.' }) title!: string;
  @ApiProperty({ type: Number, description: 'The HTTP status.' }) status!: number;
  @ApiProperty({ type: String, description: 'For people.' }) detail!: string;
}

/** Codes that a route may answer with. No two of those that REST uses share a status. */
export function Fails(...codes: ErrorCode[]): ClassDecorator & MethodDecorator {
  return applyDecorators(...codes.map((code) => ApiResponse(failureOf(code))));
}

/** How a document describes one error code. */
export function failureOf(code: ErrorCode): ApiResponseOptions & { status: number } {
  const only = { type: 'object', properties: { code: { type: 'string', enum: [code] } } };
  const schema = { allOf: [{ $ref: '#/components/schemas/ProblemDto' }, only] };
  return {
    status: ERROR_CODES[code].status,
    description: code,
    content: { 'application/problem+json': { schema } },
  } as ApiResponseOptions & { status: number };
}

/** Any JSON value. OpenAPI 3.0 has no other word for one that may be null. */
export const ANY_JSON = {
  anyOf: [
    { type: 'string' },
    { type: 'number' },
    { type: 'boolean' },
    { type: 'array', items: {} },
    { type: 'object', additionalProperties: true, nullable: true },
  ],
};
