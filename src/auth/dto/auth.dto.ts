import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, Length } from 'class-validator';
import type { TokenPair } from '../account.service';
import { ID_PROBLEM, IsUserId, type UserId } from '../../shared';

const PASSWORD_PROBLEM = 'must be 8 to 256 characters';

export class CredentialsDto {
  @ApiProperty({ type: String, example: 'alice', description: `It ${ID_PROBLEM}.` })
  @IsUserId()
  username: UserId = '' as UserId;

  @ApiProperty({ type: String, example: 'correct horse battery staple', minLength: 8, maxLength: 256 })
  @IsString({ message: PASSWORD_PROBLEM })
  @Length(8, 256, { message: PASSWORD_PROBLEM })
  password = '';
}

export class RegistrationDto extends CredentialsDto {
  @ApiProperty({
    type: String,
    required: false,
    description: 'Where REGISTRATION is invite: a token with the scope `register`.',
  })
  @IsOptional()
  @IsString({ message: 'must be a string' })
  @Length(1, 8192, { message: 'must be 1 to 8192 characters' })
  invite: string | undefined = undefined;
}

export class PasswordDto {
  @ApiProperty({ type: String, minLength: 8, maxLength: 256 })
  @IsString({ message: PASSWORD_PROBLEM })
  @Length(8, 256, { message: PASSWORD_PROBLEM })
  password = '';

  @ApiProperty({ type: String, minLength: 8, maxLength: 256 })
  @IsString({ message: PASSWORD_PROBLEM })
  @Length(8, 256, { message: PASSWORD_PROBLEM })
  newPassword = '';
}

export class RefreshDto {
  @ApiProperty({ type: String })
  @IsString({ message: 'must be a string' })
  @Length(1, 1024, { message: 'must be 1 to 1024 characters' })
  refreshToken = '';
}

export class TokenPairDto implements TokenPair {
  @ApiProperty({ type: String }) accessToken = '';
  @ApiProperty({ type: String, enum: ['Bearer'] }) tokenType = 'Bearer' as const;
  @ApiProperty({ type: Number, description: 'Seconds.' }) expiresIn = 0;
  @ApiProperty({ type: String }) refreshToken = '';
}
