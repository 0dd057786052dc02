/** What an operation of the API takes and gives, read from the generated types by its operation id. */

import type { PagePromise } from "./promise.js";
import type { operations } from "./types.js";

export type OperationId = keyof operations;

type Json<Answer> = Answer extends { content: infer Content }
  ? Content extends { "application/json": infer Value }
    ? Value
    : never
  : never;

type QueryIn<Id extends OperationId> = NonNullable<operations[Id]["parameters"]["query"]>;

/** The query of an operation, every part optional that the API does not require. */
export type Query<Id extends OperationId> = [QueryIn<Id>] extends [never] ? { [key: string]: never } : QueryIn<Id>;

/** The JSON body an operation takes. */
export type Body<Id extends OperationId> = operations[Id] extends { requestBody?: infer Request } ? Json<NonNullable<Request>> : never;

/** The JSON an operation answers with when it succeeds. */
export type Result<Id extends OperationId> = {
  [Status in keyof operations[Id]["responses"] & (200 | 201 | 202)]: Json<operations[Id]["responses"][Status]>;
}[keyof operations[Id]["responses"] & (200 | 201 | 202)];

/** One item of an operation that answers with a list. */
export type Item<Id extends OperationId> = Result<Id> extends { data: (infer Value)[] } ? Value : JsonObject;

/** What a method gives that lists. */
export type Pages<Id extends OperationId> = PagePromise<Result<Id>, Item<Id>>;

/** A JSON object nothing more is promised of. */
export type JsonObject = { [key: string]: unknown };
