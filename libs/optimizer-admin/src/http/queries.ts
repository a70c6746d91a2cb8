import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  Length,
  Max,
  Min,
} from 'class-validator';
import { ApiPropertyOptional, ApiProperty } from '@nestjs/swagger';
import { EVENT_TYPES } from '@rightsize/optimizer-core';

const MOST = 1000;
const TYPES: readonly string[] = Object.values(EVENT_TYPES);

/** A number in a query, which comes as text. */
function WholeNumber(bounds: {
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
  readonly description?: string;
}): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'integer', ...bounds }),
    IsOptional(),
    Type(() => Number),
    IsInt(),
    Min(bounds.minimum),
    Max(bounds.maximum),
  );
}

/** Which part of a list. */
export class PageQuery {
  @WholeNumber({ minimum: 1, maximum: MOST, default: 50 })
  readonly limit: number = 50;

  @ApiPropertyOptional({ type: String, description: '`next` of the page before' })
  @IsOptional()
  @IsString()
  @Length(1, 1000)
  readonly cursor?: string;
}

export class TemplatesQuery extends PageQuery {
  @ApiPropertyOptional({ type: String, description: 'only of this model' })
  @IsOptional()
  @IsString()
  @Length(1, 300)
  readonly model?: string;
}

export class EventsQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 0, default: 0, description: 'position after which to read' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  readonly after: number = 0;

  @WholeNumber({ minimum: 1, maximum: MOST, default: 50 })
  readonly limit: number = 50;

  @ApiPropertyOptional({ type: String, enum: TYPES, description: 'only of this type' })
  @IsOptional()
  @IsIn(TYPES)
  readonly type?: string;
}

export class OverflowQuery {
  @WholeNumber({ minimum: 1, maximum: 1_000_000, default: 100_000, description: 'latest events that are looked at' })
  readonly within: number = 100_000;
}

export class DiffQuery {
  @ApiPropertyOptional({ type: String, description: 'the policy to compare with; what decides now unless told' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  readonly with?: string;
}

export class ActivateBody {
  @ApiPropertyOptional({ type: Boolean, default: false, description: 'although it was not shown to be better' })
  @IsOptional()
  @IsBoolean()
  readonly force: boolean = false;
}

export class ForModelBody {
  @ApiPropertyOptional({ type: String, nullable: true, description: 'for this model only' })
  @IsOptional()
  @IsString()
  @Length(1, 300)
  readonly model?: string | null;
}

export class ConfigurationBody {
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'values by setting; null takes a change back',
  })
  @IsObject()
  readonly changes!: Record<string, unknown>;
}

const DIMENSIONS = ['model', 'client', 'template', 'day'] as const;

export class LedgerQuery {
  @ApiPropertyOptional({ type: String, enum: DIMENSIONS, default: 'model' })
  @IsOptional()
  @IsIn(DIMENSIONS)
  readonly by: (typeof DIMENSIONS)[number] = 'model';
}

export class WindowBody {
  @ApiProperty({ type: 'integer', minimum: 256, description: 'tokens' })
  @IsInt()
  @Min(256)
  @Max(2 ** 24)
  readonly window!: number;
}

export class ModelBody {
  @ApiProperty({ type: String, description: 'name of the model' })
  @IsString()
  @Length(1, 300)
  readonly model!: string;
}

export class WhatIfBody {
  @ApiPropertyOptional({ type: String, description: 'only the traffic of this model' })
  @IsOptional()
  @IsString()
  @Length(1, 300)
  readonly model?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100_000, default: 20_000, description: 'latest events' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100_000)
  readonly within: number = 20_000;

  @ApiPropertyOptional({ type: String, description: 'a policy of the log; what decides now unless told' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  readonly policy?: string;

  @ApiPropertyOptional({ type: [String], description: 'numbers of the policy, such as headroom=2' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  readonly set: readonly string[] = [];

  @ApiPropertyOptional({ type: Number, description: 'how long an idle runner stays' })
  @IsOptional()
  @IsNumber()
  @IsPositive()
  readonly keepAliveSeconds?: number;

  @ApiPropertyOptional({ type: Number, description: 'memory that weights and KV cache may take, GiB' })
  @IsOptional()
  @IsNumber()
  @IsPositive()
  readonly memoryGib?: number;
}
