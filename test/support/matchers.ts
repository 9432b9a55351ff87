/** Jest's asymmetric matchers are typed `any`; these are not, so that they may stand in typed objects. */
export const aNumber = (): unknown => expect.any(Number) as unknown;
export const aString = (): unknown => expect.any(String) as unknown;
export const textLike = (pattern: RegExp): unknown => expect.stringMatching(pattern) as unknown;
