export { ChatModule } from './chat.module';
export { ChatService, type SendAnswer } from './chat.service';
export { countSend } from './count-send';
export { TypingEventDto } from './dto/typing.dto';
export { ReceiptsQueryDto } from './dto/receipts.dto';
export { SendEventDto } from './dto/send.dto';
export { Receipts } from './receipts';
