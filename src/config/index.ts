export { Config, ConfigError, readConfig, type TokenKey } from './config';
export { ConfigModule } from './config.module';
export { doubtsAbout } from './doubts';
export { inWords, misnamedIn } from './misnamed';
export { stateTtlMsOf, SWEEPS_AHEAD } from './lifetimes';
export { SETTINGS, type Setting } from './settings';
export { storeProvider } from './store-provider';
