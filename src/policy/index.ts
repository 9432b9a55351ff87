export { ContactPolicy } from './contact-policy';
export { PolicyModule } from './policy.module';
