import { IsBoolean, IsInt, IsString, Min, ValidateNested, validateSync } from 'class-validator';
import fc from 'fast-check';
import { prepareChecks } from './prepared-checks';
import { IsChannel, IsJsonBody, IsUserId, Optional } from './validation';

class BaseDto {
  @IsUserId() to: unknown = undefined;
  @IsJsonBody() body: unknown = undefined;
  @Optional() @IsBoolean() copy: unknown = undefined;
}

class DerivedDto extends BaseDto {
  @Optional() @IsChannel() channel: unknown = undefined;
  @IsInt() @Min(3) limit: unknown = undefined;
}

/** Right about half of the time, field by field. */
const aDto = fc
  .record({
    to: fc.oneof(fc.constantFrom('bob', 'Zoe\u0308'), fc.anything()),
    body: fc.oneof(fc.jsonValue(), fc.anything()),
    copy: fc.oneof(fc.constant(undefined), fc.boolean(), fc.anything()),
    channel: fc.oneof(fc.constant(undefined), fc.constantFrom('chat', 'Chat'), fc.anything()),
    limit: fc.oneof(fc.constant(3), fc.integer(), fc.anything()),
  })
  .map((fields) => Object.assign(new DerivedDto(), fields));

describe('prepared checks', () => {
  it('agree with class-validator, inherited fields included', () => {
    const isValid = prepareChecks(DerivedDto)!;
    let valid = 0;
    fc.assert(
      fc.property(aDto, (dto) => {
        const errors = validateSync(Object.assign(new DerivedDto(), dto), { forbidUnknownValues: false });
        valid += errors.length === 0 ? 1 : 0;
        expect(isValid(dto)).toBe(errors.length === 0);
      }),
      { numRuns: 2000 },
    );
    expect(valid).toBeGreaterThan(20);
  });

  it('leave to class-validator what they do not know', () => {
    class Nested {
      @ValidateNested() inner: unknown = undefined;
    }
    class Each {
      @IsString({ each: true }) list: unknown = undefined;
    }
    expect(prepareChecks(Nested)).toBeUndefined();
    expect(prepareChecks(Each)).toBeUndefined();
  });
});
