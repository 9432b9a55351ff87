export { PageDto, CursorDto } from './dto/inbox.dto';
export { InboxModule } from './inbox.module';
export { type CursorListener, InboxService } from './inbox.service';
export { InboxStore, type InboxSummary, MAX_DEVICE_CURSORS, type ReadState } from './inbox-store.port';
export { rangeOf } from './range';
export { type ReceiptDue, type ReceiptState, toReceiptsDue } from './receipt';
export type { PulledPage } from './dto/inbox.dto';
