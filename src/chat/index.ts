export { ChatModule } from './chat.module';
export { ChatService, type SendAnswer } from './chat.service';
export { SendEventDto } from './dto/send.dto';
