import { Controller, Get, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Config } from '../config';
import { NodeService } from '../node';
import { BeelineError } from '../shared';

@ApiTags('health')
@Controller()
export class HealthController {
  constructor(
    private readonly node: NodeService,
    private readonly config: Config,
  ) {}

  @Get('healthz')
  @ApiOperation({ summary: 'Whether the process lives.' })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({
    summary: 'Whether this node may be sent clients: lease held, channel heard, store fit, not draining.',
  })
  ready(@Req() { socket }: Request): { status: 'ready'; nodeId: string } {
    const { whyNotReady } = this.node;
    if (whyNotReady !== undefined) {
      // What is wrong inside is for operators, where they have a port of their own.
      const { adminPort = socket.localPort } = this.config;
      throw new BeelineError('unavailable', socket.localPort === adminPort ? whyNotReady : 'not ready');
    }
    return { status: 'ready', nodeId: this.node.id };
  }
}
