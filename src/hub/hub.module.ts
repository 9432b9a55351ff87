import { Module } from '@nestjs/common';
import { Hub } from './hub';

@Module({ providers: [Hub], exports: [Hub] })
export class HubModule {}
