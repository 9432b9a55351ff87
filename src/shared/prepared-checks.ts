import { getMetadataStorage, ValidationTypes, type ValidatorConstraintInterface } from 'class-validator';

type ValidationMetadata = ReturnType<
  ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']
>[number];

/** Whether a DTO is valid. */
export type PreparedChecks = (dto: object) => boolean;

/**
 * class-validator collects, filters and groups the decorators of a class anew at every validation, and prepares an
 * error for every field before it looks at one. Most requests are right: this asks the same validators, looked up
 * once. Who gets `false` asks class-validator itself what is wrong. Undefined where a decorator is of another kind
 * than those used here (nested, `each`).
 */
export function prepareChecks(Dto: new () => object): PreparedChecks | undefined {
  const metadatas = getMetadataStorage().getTargetValidationMetadatas(Dto, '', false, false);
  const conditions = metadatas.filter(({ type }) => type === ValidationTypes.CONDITIONAL_VALIDATION);
  const validations = metadatas.filter(({ type }) => type === ValidationTypes.CUSTOM_VALIDATION);
  if (conditions.length + validations.length < metadatas.length) return undefined;
  if (validations.some(({ each, validateIf }) => each || validateIf !== undefined)) return undefined;

  const checks = validations.map((metadata) => checkOf(metadata, conditions));
  return (dto) => checks.every((holds) => holds(dto));
}

function checkOf(metadata: ValidationMetadata, allConditions: ValidationMetadata[]): PreparedChecks {
  const { propertyName: property, target } = metadata;
  const conditions = allConditions
    .filter((condition) => condition.propertyName === property)
    .map(({ constraints }) => constraints[0] as (dto: object, value: unknown) => boolean);
  const validators = validatorsOf(metadata);
  const targetName = typeof target === 'string' ? target : target.name;
  return (dto) => {
    const value: unknown = Reflect.get(dto, property);
    if (!conditions.every((isWanted) => isWanted(dto, value))) return true;
    const args = { value, targetName, object: dto, property, constraints: metadata.constraints };
    // An asynchronous validator's promise is not `true`: class-validator deals with it.
    return validators.every((validator) => validator.validate(value, args) === true);
  };
}

function validatorsOf({ constraintCls }: ValidationMetadata): ValidatorConstraintInterface[] {
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map(({ instance }) => instance);
}
