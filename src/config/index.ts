export { Config, ConfigError, readConfig, type TokenKey } from './config';
export { ConfigModule } from './config.module';
export { SETTINGS, type Setting } from './settings';
export { storeProvider } from './store-provider';
