export { BlockStore } from './block-store.port';
export { Blocks } from './blocks';
export { BlocksModule } from './blocks.module';
export { BlockEventDto } from './dto/blocks.dto';
