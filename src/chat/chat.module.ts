import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { NodeModule } from '../node';
import { RoutingModule } from '../routing';
import { ChatService } from './chat.service';
import { MessagesController } from './messages.controller';

@Module({
  imports: [AuthModule, NodeModule, RoutingModule],
  controllers: [MessagesController],
  providers: [ChatService],
  exports: [ChatService],
})
export class ChatModule {}
