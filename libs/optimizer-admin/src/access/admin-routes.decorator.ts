import { applyDecorators, UseFilters, UseGuards, UsePipes, ValidationPipe } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { ProblemFilter } from '../http/problem.filter.js';
import { AdminGuard } from './admin.guard.js';

/**
 * What every route of the API has, said at its controller: an embedding application keeps its own global
 * guards, pipes and filters.
 */
export function AdminRoutes(): ClassDecorator {
  const validation = new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    errorHttpStatusCode: 422,
  });
  return applyDecorators(UseGuards(AdminGuard), UsePipes(validation), UseFilters(ProblemFilter), ApiBearerAuth());
}
