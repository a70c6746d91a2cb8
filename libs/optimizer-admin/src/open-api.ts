import type { INestApplication } from '@nestjs/common';
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
  SwaggerModule.setup('rightsize/docs', app, () => adminDocument(app), {
    jsonDocumentUrl: 'rightsize/openapi.json',
    raw: ['json'],
  });
}
