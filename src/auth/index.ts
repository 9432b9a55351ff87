export { AccountStore, type Rotation } from './account-store.port';
export { Authenticated, CurrentIdentity } from './auth.guard';
export { AuthModule } from './auth.module';
export { type Identity, SCOPE_SEND_ANY } from './identity';
export { TokenSigner } from './token-signer';
export { TokenVerifier } from './token-verifier';
