import type { INestApplication } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { judgeAccess } from './access/judge-access.js';
import { CurrentAdminOptions } from './admin-options.js';
import { sendProblem } from './http/problem.filter.js';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ref, SCHEMAS } from './http/schemas.js';
import { RightsizeAdminModule } from './admin.module.js';

const PROBLEM = { content: { 'application/problem+json': { schema: ref('Problem') } } };
const PROBLEMS = {
  401: { description: 'No key, or a wrong one', ...PROBLEM },
  403: { description: 'Not from here, or not with this key', ...PROBLEM },
  422: { description: 'A parameter or field is unknown or has a bad value', ...PROBLEM },
  429: { description: 'Too many requests', ...PROBLEM },
  default: { description: 'Whatever else went wrong', ...PROBLEM },
};

/** The OpenAPI 3.1 document of the admin routes, out of their controllers. */
export function adminDocument(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Rightsize')
    .setDescription('Looks into Rightsize and steers it.')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth();
  const document = SwaggerModule.createDocument(app, builder.build(), { include: [RightsizeAdminModule] });
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path) as { responses: object }[])
      Object.assign(operation.responses, PROBLEMS);
  }
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...(SCHEMAS as object) },
  };
  return document;
}

/** Serves the document at `/rightsize/openapi.json` and a page of it at `/rightsize/docs`, which loads nothing from elsewhere. */
export function serveAdminDocument(app: INestApplication): void {
  const options = app.get<CurrentAdminOptions>(CurrentAdminOptions, { strict: false });
  const guard = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const access = judgeAccess(request, 'read', options());
    if (access.kind === 'granted') return next();
    if (access.kind === 'forbidden') return sendProblem(response, 403, access.why);
    response.setHeader('www-authenticate', 'Bearer realm="rightsize"');
    sendProblem(response, 401, 'takes a key: Authorization: Bearer KEY');
  };
  // Not Nest's routes: its guards do not see them.
  app.use('/rightsize/docs', guard);
  app.use('/rightsize/openapi.json', guard);
  SwaggerModule.setup('rightsize/docs', app, () => adminDocument(app), {
    jsonDocumentUrl: 'rightsize/openapi.json',
    raw: ['json'],
  });
}
