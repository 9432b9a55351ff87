import { Module } from '@nestjs/common';
import { NodeModule } from '../node';
import { HealthController } from './health.controller';

@Module({ imports: [NodeModule], controllers: [HealthController] })
export class HealthModule {}
