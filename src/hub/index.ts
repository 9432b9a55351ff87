export { Connection, type EndReason, type Outlet } from './connection';
export type { Entry, Offered, Page } from './entry';
export { FeedSource } from './feed-source.port';
export { Hub } from './hub';
export { HubModule } from './hub.module';
