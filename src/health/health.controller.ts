import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { NodeService } from '../node';
import { BeelineError } from '../shared';

@ApiTags('health')
@Controller()
export class HealthController {
  constructor(private readonly node: NodeService) {}

  @Get('healthz')
  @ApiOperation({ summary: 'Whether the process lives.' })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({
    summary: 'Whether this node may be sent clients: lease held, channel heard, store fit, not draining.',
  })
  ready(): { status: 'ready'; nodeId: string } {
    const { whyNotReady } = this.node;
    if (whyNotReady !== undefined) throw new BeelineError('unavailable', whyNotReady);
    return { status: 'ready', nodeId: this.node.id };
  }
}
