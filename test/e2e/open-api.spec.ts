import { type BeelineNode, closeNodes, rest, startNode, uniquePrefix } from '../support';
import { DocumentedAnswers, type OpenApi } from '../support/open-api';

let node: BeelineNode;
let document: OpenApi;
let answers: DocumentedAnswers;
beforeAll(async () => {
  node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
  document = (await rest(node, 'GET', '/docs-json')).body as unknown as OpenApi;
  answers = new DocumentedAnswers(document);
});
afterAll(() => closeNodes(node));

const operations = () => Object.values(document.paths).flatMap((methods) => Object.values(methods));

describe('the OpenAPI document', () => {
  it('has only schemas that are schemas, and refers to none that is not there', () => {
    const ofResponses = operations().flatMap(({ responses }) =>
      Object.values(responses).flatMap(({ content = {} }) => Object.values(content)),
    );
    const schemas = [
      ...Object.values(document.components.schemas),
      ...ofResponses.map(({ schema }) => schema),
    ];
    expect(schemas.length).toBeGreaterThan(0);
    for (const schema of schemas) expect(answers.compile(schema)).toBeInstanceOf(Function);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
    const names = Object.keys(document.components.schemas);
    expect(references.filter(([, name = '']) => !names.includes(name))).toEqual([]);
  });

  it('names every operation once, and has a success and the errors of each', () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(undefined);
    for (const { operationId, responses } of operations()) {
      const statuses = Object.keys(responses);
      expect([operationId, statuses.some((status) => status.startsWith('2'))]).toEqual([operationId, true]);
      expect([operationId, statuses]).toEqual([operationId, expect.arrayContaining(['403', '404', '500'])]);
    }
  });

  it('has a body of every answer but 204, and a problem document of every error', () => {
    for (const { operationId, responses } of operations()) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const [media, ...others] = Object.keys(content);
        const success = operationId === 'MetricsController_scrape' ? 'text/plain' : 'application/json';
        const errorOr = status >= '400' ? 'application/problem+json' : success;
        expect([operationId, status, media, others]).toEqual([
          operationId,
          status,
          status === '204' ? undefined : errorOr,
          [],
        ]);
      }
    }
  });
});

describe('an answer that the document does not have', () => {
  const json = 'application/json; charset=utf-8';
  const problem = { type: 'about:blank', title: 'x', status: 404, detail: 'x', retryable: false };
  it.each([
    ['a status', 418, json, { status: 'ok' }, 'status 418'],
    ['a field too many', 200, json, { status: 'ok', more: 1 }, 'additional properties'],
    ['a field too few', 200, json, {}, "required property 'status'"],
    ['another value', 200, json, { status: 'well' }, 'allowed values'],
    ['another media type', 200, 'text/html', { status: 'ok' }, 'media type text/html'],
    ['no media type', 200, '', {}, 'media type'],
    ["another status's code", 404, 'application/problem+json', { ...problem, code: 'conflict' }, 'allowed'],
  ])('is told of: %s', (_what, status, type, body, fault) => {
    expect(answers.faultOf('GET', '/healthz', { status, type, body })).toContain(fault);
  });

  it('is told of: a route', () => {
    expect(answers.faultOf('POST', '/new', { status: 201, type: json, body: {} })).toContain('route');
  });
});
