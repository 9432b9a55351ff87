export type * from './events';
export { GatewayModule } from './gateway.module';
export { SocketAdapter } from './socket.adapter';
