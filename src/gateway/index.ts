export type * from './events';
export { Announcer } from './announcer';
export { GatewayModule } from './gateway.module';
export { SocketAdapter } from './socket.adapter';
