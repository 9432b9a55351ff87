export { AccountService } from './account.service';
export { AccountStore, type Rotation } from './account-store.port';
export { Authenticated, CurrentIdentity, findIdentity } from './auth.guard';
export { AuthModule } from './auth.module';
export { type Identity, SCOPE_ADMIN, SCOPE_SEND_ANY } from './identity';
export { RequireScope } from './require-scope';
export { type Ended, type RevocationListener, Revocations } from './revocations';
export { TokenSigner } from './token-signer';
export { TokenVerifier } from './token-verifier';
