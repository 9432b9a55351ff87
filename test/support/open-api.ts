import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Ajv, type ValidateFunction } from 'ajv';
import { describeRest } from '../../src/app';
import type { RestAnswer } from './rest';

interface Media {
  schema: object;
}
export interface Operation {
  operationId?: string;
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Record<string, unknown>> };
}

/** What is served beside the routes: the document itself and the page. */
const DOCUMENTS = /^\/docs(-json|-yaml|\/.*)?$/;
const PAGE = new Set(['', ...readdirSync(join(__dirname, '../../public'))]);
const ROOT = 'openapi';

function isFile(path: string): boolean {
  return DOCUMENTS.test(path) || PAGE.has(path.slice(1));
}

/** Holds answers to the document: no status, media type or field but those that it names, and each that it requires. */
export class DocumentedAnswers {
  private readonly ajv = new Ajv({ strict: true, strictTypes: false, allErrors: true });
  private readonly routes: { method: string; pattern: RegExp; operation: Operation }[];
  private readonly checks = new Map<object, ValidateFunction>();
  private readonly problem = { $ref: '#/components/schemas/ProblemDto' };

  constructor(document: OpenApi) {
    for (const word of ['example', 'components']) this.ajv.addKeyword(word);
    const schemas: Record<string, object> = {};
    for (const [name, schema] of Object.entries(document.components.schemas)) schemas[name] = closed(schema);
    this.ajv.addSchema({ $id: ROOT, components: { schemas } });
    this.routes = Object.entries(document.paths)
      .toSorted(([a], [b]) => a.split('{').length - b.split('{').length)
      .flatMap(([path, operations]) =>
        Object.entries(operations).map(([method, operation]) => ({
          method: method.toUpperCase(),
          pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
          operation,
        })),
      );
  }

  /** What is wrong with an answer, or undefined. */
  faultOf(method: string, url: string, { status, type, body }: RestAnswer): string | undefined {
    const path = url.replace(/[?#].*$/, '');
    const route = this.routes.find((each) => each.method === method && each.pattern.test(path));
    const media = type.replace(/;.*$/, '');
    if (route === undefined) {
      if (status < 400) return method === 'GET' && isFile(path) ? undefined : 'the route is not documented';
      return media === 'application/problem+json' ? this.faultBy(this.problem, body) : `media type ${media}`;
    }
    const response = route.operation.responses[status];
    if (response === undefined) return `status ${status} is not documented`;
    if (response.content === undefined) return type === '' ? undefined : 'it has a body';
    const schema = response.content[media]?.schema;
    if (schema === undefined) return `media type ${media} is not documented`;
    return media.endsWith('json') ? this.faultBy(schema, body) : undefined;
  }

  /** Throws where it is no schema, or refers to one that is not there. */
  compile(schema: object): ValidateFunction {
    const text = JSON.stringify(schema).replaceAll('"#/', `"${ROOT}#/`);
    return this.ajv.compile(JSON.parse(text) as object);
  }

  private faultBy(schema: object, body: unknown): string | undefined {
    const check = this.checks.get(schema) ?? this.compile(schema);
    this.checks.set(schema, check);
    return check(body) ? undefined : this.ajv.errorsText(check.errors);
  }
}

/** Clients are to ignore fields that they do not know; a test is not. */
function closed(schema: Record<string, unknown>): object {
  return 'properties' in schema && !('additionalProperties' in schema)
    ? { ...schema, additionalProperties: false }
    : schema;
}

let app: NestExpressApplication | undefined;
let answers: DocumentedAnswers | undefined;

/** The node that describes REST for all of this process: they are of the same build. */
export function describedBy(node: NestExpressApplication): void {
  app ??= node;
}

export function documentedAnswers(): DocumentedAnswers | undefined {
  if (app !== undefined) answers ??= new DocumentedAnswers(describeRest(app) as unknown as OpenApi);
  return answers;
}

/** Throws where the document does not have this answer. Where no node is in this process, nothing is known. */
export function expectDocumented(method: string, path: string, answer: RestAnswer): void {
  const fault = documentedAnswers()?.faultOf(method, path, answer);
  if (fault === undefined) return;
  throw new Error(`not as the OpenAPI document says: ${method} ${path}: ${fault}: ${JSON.stringify(answer)}`);
}
