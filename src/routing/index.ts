export { type Append, Mailbox, type Registered, type Routes } from './mailbox.port';
export { Router } from './router';
export { RoutingModule } from './routing.module';
export { Sessions } from './sessions';
export { Sweeper } from './sweeper';
