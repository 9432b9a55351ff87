import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { LimitsModule } from '../limits';
import { NodeModule } from '../node';
import { RoutingModule } from '../routing';
import { ChatService } from './chat.service';
import { MessagesController } from './messages.controller';

@Module({
  imports: [AuthModule, LimitsModule, NodeModule, RoutingModule],
  controllers: [MessagesController],
  providers: [ChatService],
  exports: [ChatService],
})
export class ChatModule {}
