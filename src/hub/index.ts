export { Connection, type EndReason, type Grant, type Notice, type Outlet } from './connection';
export type { Entry, Offered, Page } from './entry';
export { FeedSource } from './feed-source.port';
export { Hub, tell } from './hub';
export { HubModule } from './hub.module';
