import { unavailable } from './errors';
import { inPlainWords } from './plain-words';

const coded = (message: string, code: string): Error => Object.assign(new Error(message), { code });

describe('an error in plain words', () => {
  it('is what went wrong at its bottom', () => {
    const refused = coded('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED');
    expect(inPlainWords(unavailable(refused))).toBe('connection refused (ECONNREFUSED)');
    const both = new AggregateError([refused, coded('no', 'ECONNREFUSED'), new Error('other')]);
    expect(inPlainWords(both)).toBe('connection refused (ECONNREFUSED); other');
    const allFailed = Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError: refused });
    expect(inPlainWords(allFailed)).toBe('connection refused (ECONNREFUSED)');
  });

  it('is one line, of bounded length', () => {
    expect(inPlainWords(new Error('a\n  b'))).toBe('a b');
    expect(inPlainWords('x'.repeat(1000))).toHaveLength(300);
    expect(inPlainWords(undefined)).toBe('undefined');
  });
});
