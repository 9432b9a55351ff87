import { misnamedIn } from './misnamed';
import { SETTINGS } from './settings';

describe('variables that look like settings', () => {
  it.each([
    ['REDIS_URI', 'REDIS_URL'],
    ['REDIS_URLS', 'REDIS_URL'],
    ['redis_url', 'REDIS_URL'],
    ['BEELINE_REDIS_URL', 'REDIS_URL'],
    ['AUTH_SECRET_FILE', 'AUTH_SECRET'],
    ['AUTHSECRET', 'AUTH_SECRET'],
    ['JWT_PUBLICKEY', 'JWT_PUBLIC_KEY'],
    ['JWT_JWKS_URI', 'JWT_JWKS_URL'],
    ['INBOX_TTL', 'INBOX_TTL_MS'],
    ['REDIS_TIMEOUT_MS', 'REDIS_COMMAND_TIMEOUT_MS'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ])('%s: %s is meant', (variable, meant) => {
    expect(misnamedIn({ [variable]: 'x' })).toEqual([{ variable, meant }]);
  });

  it('are not those of a machine, of Kubernetes or of Node', () => {
    const others =
      'PATH HOME HOSTNAME USER PWD LANG SHELL TERM LC_ALL TZ NODE_ENV NODE_OPTIONS NODE_VERSION NODE_EXTRA_CA_CERTS ' +
      'KUBERNETES_SERVICE_HOST KUBERNETES_PORT KUBERNETES_PORT_443_TCP_ADDR REDIS_PORT REDIS_SERVICE_HOST ' +
      'REDIS_PORT_6379_TCP_PORT REDIS_PASSWORD BEELINE_SERVICE_PORT_HTTP BEELINE_PORT YARN_VERSION SHLVL HOST_IP POD_NAME ' +
      'npm_config_cache npm_package_name npm_lifecycle_event INIT_CWD http_proxy NO_COLOR FORCE_COLOR CI DEBUG _ OLDPWD ' +
      'XDG_DATA_DIRS XDG_SESSION_TYPE SSH_TTY LOGNAME MAIL EDITOR SSL_CERT_FILE UV_THREADPOOL_SIZE';
    expect(misnamedIn(Object.fromEntries(others.split(' ').map((name) => [name, 'x'])))).toEqual([]);
  });

  it('are no settings, and nothing that is empty', () => {
    const settings = Object.values(SETTINGS).map(({ variable }) => [variable, 'x'] as const);
    expect(misnamedIn({ ...Object.fromEntries(settings), REDIS_URI: ' ' })).toEqual([]);
  });
});
