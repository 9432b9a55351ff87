import { IsString } from 'class-validator';

/** `auth:refresh`. */
export class TokenDto {
  @IsString({ message: 'must be a token' })
  token = '';
}
