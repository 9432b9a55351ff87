export { StartModule } from './start.module';
export { StartWait } from './start-wait';
