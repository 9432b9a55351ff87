export { LeaseStore, type ListedNode, type NodeInfo } from './lease-store.port';
export { NodeChannel } from './node-channel.port';
export { NodeModule } from './node.module';
export { type NodeListener, NodeService } from './node.service';
