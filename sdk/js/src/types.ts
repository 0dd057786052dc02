// Generated from docs/reference/openapi.json by `npm run types`; change the API instead.

export interface paths {
    "/api/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["agents_list"];
        put?: never;
        post: operations["agents_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{agent_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["agents_get"];
        put?: never;
        post?: never;
        delete: operations["agents_delete"];
        options?: never;
        head?: never;
        patch: operations["agents_update"];
        trace?: never;
    };
    "/api/v1/agents/{agent_id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["agent_versions_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{agent_id}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["agent_versions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["api_keys_list"];
        put?: never;
        post: operations["api_keys_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["api_keys_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys/{key_id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["api_keys_revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["approvals_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{run_id}/{step_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["approvals_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{run_id}/{step_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["approvals_approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{run_id}/{step_id}/edit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Show what a waiting call would be with other parameters. Decides and writes nothing. */
        post: operations["approvals_edit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{run_id}/{step_id}/links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Return the links that were made for a call, the latest first. No secret of theirs is known any more. */
        get: operations["approvals_links"];
        put?: never;
        post: operations["approvals_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{run_id}/{step_id}/links/{link_id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Take a link back before it is used. Its call waits on, and other links to it are good. */
        post: operations["approvals_revoke_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{run_id}/{step_id}/notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Who decides reads and writes here, and who asked for the run: what each may say is the service's to know. */
        get: operations["approvals_notes"];
        put?: never;
        /** @description Who decides reads and writes here, and who asked for the run: what each may say is the service's to know. */
        post: operations["approvals_note"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{run_id}/{step_id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["approvals_reject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["approvals_decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["grants_list"];
        put?: never;
        post: operations["grants_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/grants/{grant_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["grants_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/grants/{grant_id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["grants_revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/grants/{grant_id}/uses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["grant_uses_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["audit_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["audit_verify"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["budgets_list"];
        put: operations["budgets_set"];
        post?: never;
        delete: operations["budgets_remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets/{budget_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["budgets_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets/{budget_id}/top-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["budgets_top_up"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulk-operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["bulk_list"];
        put?: never;
        post: operations["bulk_begin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulk-operations/{bulk_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["bulk_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulk-operations/{bulk_id}/abort": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["bulk_abort"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulk-operations/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["bulk_preview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalog_list"];
        put?: never;
        post: operations["catalog_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalog/{entry_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalog_get"];
        put?: never;
        post?: never;
        delete: operations["catalog_delete"];
        options?: never;
        head?: never;
        patch: operations["catalog_update"];
        trace?: never;
    };
    "/api/v1/catalog/{entry_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["catalog_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalog/{entry_id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalog_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalog/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalog_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalog/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["catalog_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chaos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["chaos"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/circuits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["circuits_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/circuits/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["circuits_reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["dead_letters_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["dead_letters_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{run_id}/requeue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["dead_letters_requeue"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["drift_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drift/{drift_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["drift_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drift/{drift_id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["drift_acknowledge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drift/{drift_id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["drift_resolve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["events_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/failures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["failures_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/failures/analytics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["failures_analytics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/failures/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["failure_groups_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/failures/groups/{signature}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["failure_groups_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/failures/groups/{signature}/fixed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["failure_groups_fixed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/failures/groups/{signature}/mute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["failure_groups_mute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/failures/groups/{signature}/unmute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["failure_groups_unmute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/failures/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["failures_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/freezes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["freezes_list"];
        put?: never;
        post: operations["freezes_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/freezes/{freeze_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["freezes_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/freezes/{freeze_id}/lift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["freezes_lift"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/goals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["goals_submit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/in-doubt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["in_doubt_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/in-doubt/{run_id}/{step_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["in_doubt_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/in-doubt/{run_id}/{step_id}/verdict": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["in_doubt_verdict"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans:validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["plans_validate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["prices_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prices/{price_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["prices_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/questions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["questions_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/questions/{run_id}/{step_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["questions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/questions/{run_id}/{step_id}/answer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["questions_answer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery/candidates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["recovery_candidates_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery/candidates/{candidate_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["recovery_candidates_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery/candidates/{candidate_id}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Base of the routes that decide: the last word of the address says what. */
        post: operations["recovery_candidates_activate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery/candidates/{candidate_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Base of the routes that decide: the last word of the address says what. */
        post: operations["recovery_candidates_approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery/candidates/{candidate_id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Base of the routes that decide: the last word of the address says what. */
        post: operations["recovery_candidates_reject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery/candidates/{candidate_id}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Base of the routes that decide: the last word of the address says what. */
        post: operations["recovery_candidates_reopen"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery/candidates/{candidate_id}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Base of the routes that decide: the last word of the address says what. */
        post: operations["recovery_candidates_withdraw"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery/candidates:export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["recovery_candidates_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery/candidates:import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["recovery_candidates_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recovery/suggest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["recovery_suggest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_list"];
        put?: never;
        post: operations["runs_submit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/bom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_bom"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runs_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/contract": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_contract"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runs_decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_decisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/diff/{other_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_diff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_evidence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_explain"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runs_pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runs_replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/replays/{child_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_replays_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/rerun": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runs_rerun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runs_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/steps/{step_id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runs_undo_step"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/top-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runs_top_up"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/trace": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runs_trace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runtime/capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runtime_capabilities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runtime/execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runtime_execute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runtime/failure-catalog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runtime_failure_catalog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runtime/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runtime_query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runtime/resource-contract/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runtime_resource_contract"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runtime/simulate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runtime_simulate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runtime/skills": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runtime_skills"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runtime/skills/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["runtime_skill"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schemas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["schemas_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schemas/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["schemas_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/service-accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["service_accounts_list"];
        put?: never;
        post: operations["service_accounts_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/service-accounts/{account_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["service_accounts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: operations["service_accounts_update"];
        trace?: never;
    };
    "/api/v1/skills": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["skills_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/skills/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["skills_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["usage_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/usage/forecast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["usage_forecast"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["webhooks_list"];
        put?: never;
        post: operations["webhooks_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["webhooks_get"];
        put?: never;
        post?: never;
        delete: operations["webhooks_delete"];
        options?: never;
        head?: never;
        patch: operations["webhooks_update"];
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/answers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Signed by the endpoint's secret in the place of a key: whoever got the message may answer it. */
        post: operations["webhooks_answer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["webhook_deliveries_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["webhook_deliveries_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["webhook_deliveries_redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["webhooks_rotate_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["webhooks_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/whoami": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["whoami"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AcceptedRun
         * @description A run that was accepted; `callback` where one was asked for.
         */
        AcceptedRun: {
            /** Run Id */
            run_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "waiting" | "succeeded" | "partial" | "failed" | "cancelled" | "dead_lettered";
            /** Waiting For */
            waiting_for: string | null;
            /** Goal */
            goal: string;
            /** Agent */
            agent: string;
            /** Planner */
            planner: string;
            /** Summary */
            summary: string;
            /** Failure Code */
            failure_code: string | null;
            cost: components["schemas"]["RunCost"];
            /** Steps Total */
            steps_total: number;
            /** Steps Done */
            steps_done: number;
            /** Retries */
            retries: number;
            /** Faults */
            faults: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Started At */
            started_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /** Behaviour Hash */
            behaviour_hash: string;
            /** Content Hash */
            content_hash: string;
            /** Journal Head */
            journal_head: string;
            /** Parent Run Id */
            parent_run_id: string | null;
            /** Relation */
            relation: string | null;
            /** Blocked By */
            blocked_by: string | null;
            /** Trace Id */
            trace_id: string | null;
            /**
             * Kept
             * @enum {string}
             */
            kept: "everything" | "events" | "parts" | "effects" | "row";
            /** Removed At */
            removed_at: string | null;
            /** @default null */
            callback?: components["schemas"]["Callback"] | null;
        } & {
            [key: string]: unknown;
        };
        /** AccountBody */
        AccountBody: {
            /** Name */
            name: string;
            /**
             * Role
             * @enum {string}
             */
            role: "viewer" | "auditor" | "approver" | "operator" | "developer" | "tenant_admin";
            /**
             * Description
             * @default
             */
            description?: string;
        };
        /** AccountPage */
        AccountPage: {
            /** Data */
            data: components["schemas"]["AccountView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * AccountView
         * @description A program as a member of the tenant; `scopes` is what its keys can do at most.
         */
        AccountView: {
            /** Service Account Id */
            service_account_id: string;
            /** Name */
            name: string;
            /** Description */
            description: string;
            /**
             * Role
             * @enum {string}
             */
            role: "viewer" | "auditor" | "approver" | "operator" | "developer" | "tenant_admin";
            /** Scopes */
            scopes: string[];
            /** Is Active */
            is_active: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * AdviceChange
         * @description What the catalog would have said about failures of a code or of a signature.
         */
        AdviceChange: {
            /**
             * Code
             * @default null
             */
            code?: string | null;
            /**
             * Signature
             * @default null
             */
            signature?: string | null;
            mode: components["schemas"]["RecoveryMode"];
            /**
             * Max Attempts
             * @default 3
             */
            max_attempts?: number;
            /**
             * First Ms
             * @default 100
             */
            first_ms?: number;
            /**
             * Cap Ms
             * @default 5000
             */
            cap_ms?: number;
            /**
             * Factor
             * @default 2
             */
            factor?: number;
            /**
             * Max Restores
             * @default null
             */
            max_restores?: number | null;
            /**
             * Fallback Skill
             * @default null
             */
            fallback_skill?: string | null;
            /**
             * Fallback Params
             * @default null
             */
            fallback_params?: {
                [key: string]: unknown;
            } | null;
        };
        /** AgentBody */
        AgentBody: {
            /** Name */
            name: string;
            /**
             * Description
             * @default
             */
            description?: string;
            /**
             * Status
             * @default active
             * @enum {string}
             */
            status?: "active" | "paused" | "disabled";
            /**
             * Profile
             * @default {}
             */
            profile?: {
                [key: string]: unknown;
            };
        };
        /** AgentCounts */
        AgentCounts: {
            /** Failures */
            failures: number;
            /** Hits */
            hits: number;
            /** Misses */
            misses: number;
            /** Match Rate */
            match_rate: number | null;
            /**
             * Followed
             * @description Of the hits, those something was tried against.
             */
            followed: number;
            /** Acceptance Rate */
            acceptance_rate: number | null;
            /** Tried */
            tried: number;
            /** Worked */
            worked: number;
            /** Success Rate */
            success_rate: number | null;
            /**
             * Rerun
             * @description Come through in another run, where the run itself did not.
             */
            rerun: number;
            /**
             * Wasted Micro Usd
             * @description Null to a role that is told no costs.
             */
            wasted_micro_usd: number | null;
            /** Agent Id */
            agent_id: string | null;
            /** Agent */
            agent: string | null;
        };
        /** AgentPage */
        AgentPage: {
            /** Data */
            data: components["schemas"]["AgentView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * AgentProfile
         * @description The means of an agent. Unknown fields are refused, so a misspelt limit is never ignored in silence.
         *
         *     `allowed_skills` null allows every registered skill that is not blocked; `allowed_hosts` null allows every
         *     public host. The network guard stands above both. `max_concurrent_runs` null is unlimited; what is beyond it stays
         *     queued. `rate_limit_per_minute` is about all skill calls of the agent together; a call is made when that and every rule
         *     of `rate_limits` that is about it let it through.
         *
         *     A call waits for a person's yes where its plan says so, and where the agent's policy does: by its class of effect, by what it
         *     may cost (`approval_above_micro_usd`), by where it goes (`approval_hosts`), or because no person let the agent call that host before
         *     (`approval_first_use_of_host`). A plan's `approval: never` counts only where `plan_may_waive_approval`. Undecided for
         *     `approval_escalate_after_ms` it goes to the next level; after `approval_ttl_ms` what `approval_on_expiry` says is done. Silence is
         *     never a yes.
         */
        AgentProfile: {
            /**
             * @default {
             *       "name": "stub",
             *       "options": {}
             *     }
             */
            planner?: components["schemas"]["PlannerChoice"];
            /**
             * Allowed Skills
             * @default null
             */
            allowed_skills?: string[] | null;
            /**
             * Blocked Skills
             * @default []
             */
            blocked_skills?: string[];
            /**
             * Allowed Hosts
             * @default null
             */
            allowed_hosts?: string[] | null;
            /**
             * Skill Config
             * @default {}
             */
            skill_config?: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
            /**
             * Rate Limit Per Minute
             * @default null
             */
            rate_limit_per_minute?: number | null;
            /**
             * Rate Limits
             * @default []
             */
            rate_limits?: components["schemas"]["RateRule"][];
            /**
             * Max Parallel Steps
             * @default 8
             */
            max_parallel_steps?: number;
            /**
             * Max Concurrent Runs
             * @default null
             */
            max_concurrent_runs?: number | null;
            /**
             * Max Attempts
             * @default null
             */
            max_attempts?: number | null;
            /**
             * Max Repetitions
             * @default 25
             */
            max_repetitions?: number | null;
            /**
             * Max Run Duration Ms
             * @default 3600000
             */
            max_run_duration_ms?: number;
            /**
             * @default {
             *       "per_run_micro_usd": 1000000,
             *       "per_step_max_micro_usd": null,
             *       "on_exhausted": "pause"
             *     }
             */
            budget?: components["schemas"]["Budget"];
            /**
             * Approval Effects
             * @default [
             *       "irreversible"
             *     ]
             */
            approval_effects?: ("idempotent_write" | "write" | "irreversible")[];
            /**
             * Approval Above Micro Usd
             * @default null
             */
            approval_above_micro_usd?: number | null;
            /**
             * Approval Hosts
             * @default []
             */
            approval_hosts?: string[];
            /**
             * Approval First Use Of Host
             * @default false
             */
            approval_first_use_of_host?: boolean;
            /**
             * Plan May Waive Approval
             * @default false
             */
            plan_may_waive_approval?: boolean;
            /**
             * Approval Ttl Ms
             * @default 86400000
             */
            approval_ttl_ms?: number;
            /**
             * Approval Escalate After Ms
             * @default null
             */
            approval_escalate_after_ms?: number | null;
            /**
             * Approval On Expiry
             * @default fail
             * @enum {string}
             */
            approval_on_expiry?: "fail" | "skip" | "abort";
            /**
             * In Doubt Policy
             * @default ask
             * @enum {string}
             */
            in_doubt_policy?: "ask" | "assume_happened" | "assume_not";
            /**
             * Memory Backend
             * @default none
             * @constant
             */
            memory_backend?: "none";
        };
        /** AgentVersionPage */
        AgentVersionPage: {
            /** Data */
            data: components["schemas"]["AgentVersionView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * AgentVersionView
         * @description A version of an agent's profile as it was saved.
         */
        AgentVersionView: {
            /** Agent Id */
            agent_id: string;
            /** Version */
            version: number;
            /** Is Current */
            is_current: boolean;
            profile: components["schemas"]["AgentProfile"];
            /** Saved By */
            saved_by: string;
            /** Reason */
            reason: string;
            /**
             * Saved At
             * Format: date-time
             */
            saved_at: string;
        };
        /**
         * AgentView
         * @description An agent as the API shows it. `owner` is who made it, or was given it, as the audit log names actors; null is nobody.
         */
        AgentView: {
            /** Agent Id */
            agent_id: string;
            /** Name */
            name: string;
            /** Description */
            description: string;
            /**
             * Status
             * @enum {string}
             */
            status: "active" | "paused" | "disabled";
            /** Owner */
            owner: string | null;
            profile: components["schemas"]["AgentProfile"];
            /** Version */
            version: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * Alternative
         * @description Another call that might reach the same end.
         */
        Alternative: {
            /** Skill */
            skill: string;
            /**
             * Params
             * @default {}
             */
            params?: {
                [key: string]: unknown;
            };
            /** Reason */
            reason: string;
        };
        /** AnalyticsView */
        AnalyticsView: {
            /**
             * From
             * Format: date-time
             */
            from: string;
            /**
             * To
             * Format: date-time
             */
            to: string;
            /** Filters */
            filters: {
                [key: string]: string;
            };
            totals: components["schemas"]["Totals"];
            /** By Code */
            by_code: components["schemas"]["CodeView"][];
            /** By Mode */
            by_mode: components["schemas"]["ModeView"][];
            /** By Agent */
            by_agent: components["schemas"]["AgentCounts"][];
            /** By Skill Version */
            by_skill_version: components["schemas"]["VersionCounts"][];
            heat_map: components["schemas"]["HeatMap"];
        };
        /**
         * AnswerBody
         * @description What somebody decides for a step that waits, as `POST /runs/{run_id}/decide` takes it.
         */
        AnswerBody: {
            /** Run Id */
            run_id: string;
            /**
             * Step Id
             * @description Step id, with #n for an item of for_each.
             */
            step_id: string;
            /** Verdict */
            verdict: string;
            /**
             * Action Hash
             * @default null
             */
            action_hash?: string | null;
            /**
             * Value
             * @default null
             */
            value?: unknown;
            /**
             * Reason
             * @default
             */
            reason?: string;
        };
        /**
         * ApprovalBody
         * @description A word on exactly the action that was shown: its hash binds it. A no says why, in 10 characters at least.
         */
        ApprovalBody: {
            /** Action Hash */
            action_hash: string;
            /**
             * Reason
             * @default
             */
            reason?: string;
        };
        /**
         * ApprovalForecast
         * @description A step that will ask before it starts: why, and who may answer.
         */
        ApprovalForecast: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Reason */
            reason: string;
            /**
             * Who
             * @default
             */
            who?: string;
        };
        /**
         * ApprovalNotice
         * @description A step that will ask somebody before it starts, whom, and why.
         */
        ApprovalNotice: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Reason */
            reason: string;
            asks: components["schemas"]["WhoMay"];
        };
        /** ApprovalPage */
        ApprovalPage: {
            /** Data */
            data: components["schemas"]["ApprovalView"][];
            /** Unreadable */
            unreadable: components["schemas"]["UnreadableRun"][];
            /** Next Cursor */
            next_cursor: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * ApprovalView
         * @description A call that waits for an approval, with what it would do. Null `worst_micro_usd`: nobody knows what it costs at most.
         *
         *     `needs_reason`: a yes to it says why; a no always does. `asks_because` is the rule by which it asks, `is_escalated` whether the next
         *     level was asked, `on_expiry` what silence means.
         */
        ApprovalView: {
            /** Run Id */
            run_id: string;
            /** Step Id */
            step_id: string;
            /** Agent */
            agent: string;
            /** Goal */
            goal: string;
            /** Requested By */
            requested_by: string;
            /** Skill */
            skill: string;
            /** Version */
            version: string;
            /** Effect */
            effect: string;
            /** Needs Reason */
            needs_reason: boolean;
            /** Params */
            params: unknown;
            /** Worst Micro Usd */
            worst_micro_usd: number | null;
            /** Action Hash */
            action_hash: string;
            /** Asks Because */
            asks_because: string;
            /** Is Escalated */
            is_escalated: boolean;
            /**
             * On Expiry
             * @enum {string}
             */
            on_expiry: "fail" | "skip" | "abort";
            /** Expires At */
            expires_at: string | null;
            /**
             * Run Created At
             * Format: date-time
             */
            run_created_at: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * ApproveBody
         * @description A yes. With `params` the call happens with these, and `edited_hash` is what the edit was shown as (POST …/edit).
         *
         *     To such an edit, and to what cannot be taken back, it says why, in 10 characters at least.
         */
        ApproveBody: {
            /** Action Hash */
            action_hash: string;
            /**
             * Reason
             * @default
             */
            reason?: string;
            /**
             * Params
             * @default null
             */
            params?: {
                [key: string]: unknown;
            } | null;
            /**
             * Edited Hash
             * @default null
             */
            edited_hash?: string | null;
        };
        /**
         * Aspect
         * @description Something in which two runs, or a step of them, differ. What does not count is shown and makes no difference.
         */
        Aspect: {
            /** What */
            what: string;
            /** Counts */
            counts: boolean;
            /** First */
            first: unknown;
            /** Second */
            second: unknown;
        };
        /**
         * Assumed
         * @description What a what-if could not know and took for granted.
         */
        Assumed: {
            /** Step Id */
            step_id: string;
            /** Attempt */
            attempt: number;
            /** What */
            what: string;
        };
        /**
         * Attempt
         * @description One attempt to deliver: the HTTP status, or why there is none.
         */
        Attempt: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Status */
            status: number | null;
            /** Error */
            error: string;
            /** Took Ms */
            took_ms: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * Attempts
         * @description Calls the run has made, and how many more it may make; null is unlimited.
         */
        Attempts: {
            /** Used */
            used: number;
            /** Left */
            left: number | null;
        };
        /** AuditPage */
        AuditPage: {
            /** Data */
            data: components["schemas"]["AuditView"][];
            /** Next Before */
            next_before: number | null;
        };
        /**
         * AuditView
         * @description One thing somebody did. `hash` is over all of it and over `prev`, the hash of the entry before it.
         */
        AuditView: {
            /** Seq */
            seq: number;
            /** At */
            at: string;
            /** Actor */
            actor: string;
            /** Via */
            via: string;
            /** Key Id */
            key_id: string | null;
            /** Action */
            action: string;
            /** Words */
            words: string;
            /** Target */
            target: string | null;
            /** Before */
            before: string | null;
            /** After */
            after: string | null;
            /** Reason */
            reason: string | null;
            /** Trace Id */
            trace_id: string | null;
            /** Prev */
            prev: string;
            /** Hash */
            hash: string;
        };
        /**
         * BlockedAction
         * @description A skill that cannot be called now, and why.
         */
        BlockedAction: {
            /** Skill */
            skill: string;
            /** Reason */
            reason: string;
        };
        /**
         * Blocker
         * @description Something that would stop the run, and the rule that says so. `scope` is what is short or frozen, `pointer` where in
         *     the plan it stands, `missing_micro_usd` what a scope of money lacks.
         */
        Blocker: {
            /** Step Id */
            step_id: string | null;
            /** Code */
            code: string;
            /** Rule */
            rule: string;
            /** Detail */
            detail: string;
            /**
             * Pointer
             * @default null
             */
            pointer?: string | null;
            /**
             * Scope
             * @default null
             */
            scope?: string | null;
            /**
             * Missing Micro Usd
             * @default null
             */
            missing_micro_usd?: number | null;
        };
        /**
         * Bom
         * @description A run's bill of materials: all it was made with. Runs made of the same have the same `bom_hash`, whatever their ids.
         *
         *     `memory` is null as long as runs read none; `inputs_hash` stands for inputs, which are not shown.
         */
        Bom: {
            /** Run Id */
            run_id: string;
            /** Parent Run Id */
            parent_run_id: string | null;
            /** Relation */
            relation: string | null;
            /** Release */
            release: string | null;
            /** Plan Hash */
            plan_hash: string | null;
            planner: components["schemas"]["BomPlanner"];
            /** Skills */
            skills: components["schemas"]["BomSkill"][];
            /** Policies */
            policies: {
                [key: string]: unknown;
            };
            /** Policies Hash */
            policies_hash: string;
            /** Advice */
            advice: components["schemas"]["BomAdvice"][];
            /** Prices */
            prices: components["schemas"]["BomPrice"][];
            /** Memory */
            memory: null;
            /** Inputs Hash */
            inputs_hash: string;
            /** Faults */
            faults: {
                [key: string]: unknown;
            }[];
            /** Carried */
            carried: string[];
            /** Bom Hash */
            bom_hash: string;
        };
        /**
         * BomAdvice
         * @description What the catalog advised about a failure, and by what: an entry, an approved recovery, or the taxonomy's own rule.
         */
        BomAdvice: {
            /** Step Id */
            step_id: string;
            /** Attempt */
            attempt: number;
            /** Code */
            code: string;
            /** Mode */
            mode: string;
            /** Source */
            source: string;
            /** Entry */
            entry: number | null;
            /** Candidate */
            candidate: string | null;
            /** Signature */
            signature: string;
        };
        /**
         * BomChange
         * @description Something two runs were not made alike of.
         */
        BomChange: {
            /** What */
            what: string;
            /** Before */
            before: unknown;
            /** After */
            after: unknown;
            /** Detail */
            detail: string;
        };
        /**
         * BomComparison
         * @description What changed between another run and this one. `found_by` says how the other was chosen.
         */
        BomComparison: {
            /** Run Id */
            run_id: string;
            /**
             * Found By
             * @enum {string}
             */
            found_by: "named" | "same_plan" | "same_goal";
            /** Finished At */
            finished_at: string | null;
            /** Changes */
            changes: components["schemas"]["BomChange"][];
            /** Detail */
            detail: string;
        };
        /**
         * BomPlanner
         * @description Who made the plan. `model` is the language model that was asked, if any.
         */
        BomPlanner: {
            /** Name */
            name: string;
            /** Version */
            version: string | null;
            /** Model */
            model: string | null;
        };
        /**
         * BomPrice
         * @description A row of the price table that calls were charged by; `model` is null where a skill has a price of its own.
         */
        BomPrice: {
            /** Pricing Version */
            pricing_version: string;
            /** Model */
            model: string | null;
        };
        /** BomReport */
        BomReport: {
            bom: components["schemas"]["Bom"];
            against: components["schemas"]["BomComparison"] | null;
            /** Detail */
            detail: string;
        };
        /**
         * BomSkill
         * @description A skill version fixed at admission, and what is registered under its name and version today.
         */
        BomSkill: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Version */
            version: string;
            /** Digest */
            digest: string;
            /** Effect */
            effect: string;
            /**
             * Now
             * @enum {string}
             */
            now: "same" | "changed" | "not_registered";
        };
        /**
         * Budget
         * @description What a run may spend; null is unlimited. What the agent may spend in all, or in a day, is its tenant's to say.
         *
         *     `on_exhausted`: a run that has used it up waits for a top-up, fails, or finishes by what is cheaper or free.
         */
        Budget: {
            /**
             * Per Run Micro Usd
             * @default 1000000
             */
            per_run_micro_usd?: number | null;
            /**
             * Per Step Max Micro Usd
             * @default null
             */
            per_step_max_micro_usd?: number | null;
            /**
             * On Exhausted
             * @default pause
             * @enum {string}
             */
            on_exhausted?: "pause" | "fail" | "finish_cheap";
        };
        /**
         * BudgetAfter
         * @description What the worst case leaves of the run's budget; below zero it is what is missing.
         */
        BudgetAfter: {
            /** Remaining Micro Usd */
            remaining_micro_usd: number;
            /** Remaining Cents */
            readonly remaining_cents: number | null;
        };
        /**
         * BudgetBody
         * @description A limit in micro-USD or cents; null is unlimited.
         */
        BudgetBody: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "tenant" | "agent" | "model";
            /**
             * Key
             * @default null
             */
            key?: string | null;
            /**
             * Period
             * @enum {string}
             */
            period: "total" | "day";
            /**
             * Limit Micro Usd
             * @default null
             */
            limit_micro_usd?: number | null;
            /**
             * Limit Cents
             * @default null
             */
            limit_cents?: number | string | null;
        };
        /** BudgetList */
        BudgetList: {
            /** Data */
            data: components["schemas"]["BudgetView"][];
        };
        /**
         * BudgetView
         * @description A budget with the numbers of its scope now, of a day's budget today's. `agent` is what the agent is called.
         */
        BudgetView: {
            /** Total Micro Usd */
            total_micro_usd: number | null;
            /** Spent Micro Usd */
            spent_micro_usd: number;
            /** Reserved Micro Usd */
            reserved_micro_usd: number;
            /** Budget Id */
            budget_id: string;
            /** Scope */
            scope: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "tenant" | "agent" | "model";
            /** Key */
            key: string;
            /**
             * Period
             * @enum {string}
             */
            period: "total" | "day";
            /** Agent */
            agent: string | null;
            /** Limit Micro Usd */
            limit_micro_usd: number | null;
            /** Runs Waiting */
            runs_waiting: number;
            /** Remaining Micro Usd */
            readonly remaining_micro_usd: number | null;
            /** Cents */
            readonly cents: {
                [key: string]: number | null;
            };
        };
        /**
         * BulkBody
         * @description An operation to begin. `expected` is the `total` of the preview: where more runs are found by now it is refused.
         */
        BulkBody: {
            /**
             * Action
             * @enum {string}
             */
            action: "cancel" | "pause" | "resume" | "rerun";
            filter: components["schemas"]["BulkFilter"];
            /**
             * @default {
             *       "versions": "current",
             *       "repeat_effects": false
             *     }
             */
            options?: components["schemas"]["BulkOptions"];
            /**
             * Reason
             * @description Why, for the audit log and for each run.
             */
            reason: string;
            /**
             * Expected
             * @default null
             */
            expected?: number | null;
        };
        /** BulkCount */
        BulkCount: {
            /** Name */
            name: string;
            /** Runs */
            runs: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * BulkEffect
         * @description An effect that may still land though its run is stopped, or that would be made once more.
         */
        BulkEffect: {
            /** Run Id */
            run_id: string;
            /** Step Id */
            step_id: string;
            /** Effect */
            effect: string;
            /** Detail */
            detail: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * BulkFault
         * @description A run for which it was refused, and why.
         */
        BulkFault: {
            /** Run Id */
            run_id: string;
            /** Code */
            code: string;
            /** Detail */
            detail: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * BulkFilter
         * @description Which runs: those that meet all that is given. Something other than `created_before` must be.
         */
        BulkFilter: {
            /**
             * Status
             * @default null
             */
            status?: ("queued" | "running" | "waiting" | "succeeded" | "partial" | "failed" | "cancelled" | "dead_lettered") | null;
            /**
             * Agent
             * @default null
             */
            agent?: string | null;
            /**
             * Waiting For
             * @default null
             */
            waiting_for?: string | null;
            /**
             * Failure Code
             * @default null
             */
            failure_code?: string | null;
            /**
             * Created After
             * @default null
             */
            created_after?: string | null;
            /**
             * Created Before
             * @default null
             */
            created_before?: string | null;
            /**
             * Run Ids
             * @default null
             */
            run_ids?: string[] | null;
        };
        /**
         * BulkFirst
         * @description One of the first runs, and what would become of it.
         */
        BulkFirst: {
            /** Run Id */
            run_id: string;
            /** Status */
            status: string;
            /** Agent */
            agent: string;
            /** Is Refused */
            is_refused: boolean;
            /** Detail */
            detail: string;
        } & {
            [key: string]: unknown;
        };
        /** BulkMoney */
        BulkMoney: {
            /** Spent Micro Usd */
            spent_micro_usd: number;
            /** Reserved Micro Usd */
            reserved_micro_usd: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * BulkOptions
         * @description How it is done; for `rerun` alone.
         */
        BulkOptions: {
            /**
             * Versions
             * @default current
             * @enum {string}
             */
            versions?: "current" | "pinned";
            /**
             * Repeat Effects
             * @description Agree to effects that happened already and would be made again.
             * @default false
             */
            repeat_effects?: boolean;
        };
        /** BulkPage */
        BulkPage: {
            /** Data */
            data: components["schemas"]["BulkView"][];
            /** Next Cursor */
            next_cursor: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * BulkPreview
         * @description What an operation would do. `filter` is to be sent back as it is: later runs are left out of it.
         *
         *     `effects` are of so many of the runs as were looked into; `not_looked_into` says how many more might have some.
         */
        BulkPreview: {
            /**
             * Action
             * @enum {string}
             */
            action: "cancel" | "pause" | "resume" | "rerun";
            /** Filter */
            filter: {
                [key: string]: unknown;
            };
            /** Total */
            total: number;
            /** Refused */
            refused: number;
            /** Needs Expected */
            needs_expected: boolean;
            /** By Status */
            by_status: components["schemas"]["BulkCount"][];
            /** By Agent */
            by_agent: components["schemas"]["BulkCount"][];
            money: components["schemas"]["BulkMoney"];
            /** Effects */
            effects: components["schemas"]["BulkEffect"][];
            /** Not Looked Into */
            not_looked_into: number;
            /** First */
            first: components["schemas"]["BulkFirst"][];
        } & {
            [key: string]: unknown;
        };
        /** BulkPreviewBody */
        BulkPreviewBody: {
            /**
             * Action
             * @enum {string}
             */
            action: "cancel" | "pause" | "resume" | "rerun";
            filter: components["schemas"]["BulkFilter"];
            /**
             * @default {
             *       "versions": "current",
             *       "repeat_effects": false
             *     }
             */
            options?: components["schemas"]["BulkOptions"];
        };
        /**
         * BulkView
         * @description An operation as lists show it. `left` are the runs nobody has come to yet, or never will where it was aborted.
         */
        BulkView: {
            /** Bulk Id */
            bulk_id: string;
            /**
             * Action
             * @enum {string}
             */
            action: "cancel" | "pause" | "resume" | "rerun";
            /** Filter */
            filter: {
                [key: string]: unknown;
            };
            /** Options */
            options: {
                [key: string]: unknown;
            };
            /** Reason */
            reason: string;
            /**
             * State
             * @enum {string}
             */
            state: "running" | "finished" | "aborted";
            /** Total */
            total: number;
            /** Succeeded */
            succeeded: number;
            /** Refused */
            refused: number;
            /** Left */
            left: number;
            /** Abort Asked By */
            abort_asked_by: string | null;
            /** Remark */
            remark: string;
            /** Created By */
            created_by: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Finished At */
            finished_at: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * Calibration
         * @description Predicted against actual: of n times so many were `inside` the range told before; actual by expected, in the mean and
         *     at most; and how much wider the range has become for what it promises.
         */
        Calibration: {
            /** N */
            n: number;
            /** Inside */
            inside: number | null;
            /** Mean Ratio */
            mean_ratio: number | null;
            /** Largest Ratio */
            largest_ratio: number | null;
            /** Widening */
            widening: number;
        };
        /**
         * CallFailure
         * @description What the call in doubt ended with.
         */
        CallFailure: {
            /** Code */
            code: string;
            /** Message */
            message: string;
            /** Upstream Status */
            upstream_status: number | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * CallInFlight
         * @description A call under way when the run was told to stop.
         */
        CallInFlight: {
            /** Step Id */
            step_id: string;
            /** Attempt */
            attempt: number;
            effect: components["schemas"]["Effect"];
        } & {
            [key: string]: unknown;
        };
        /**
         * Callback
         * @description Where a run's waits and its end are told, and the secret these messages are signed with.
         */
        Callback: {
            /** Url */
            url: string;
            /** Webhook Id */
            webhook_id: string;
            /** Secret */
            secret: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * CallerCapabilities
         * @description What this installation offers, and what the caller's agent may do with it. Money and rates need the scope runs:read.
         *
         *     `budget_remaining_cents` is what a run of the agent could spend now; null is unlimited.
         */
        CallerCapabilities: {
            /** Version */
            version: string;
            /** Interfaces */
            interfaces: string[];
            /** Skills */
            skills: string[];
            /** Planners */
            planners: string[];
            /** Failure Codes */
            failure_codes: string[];
            /** Limits */
            limits: {
                [key: string]: number;
            };
            /** Retention Days */
            retention_days: {
                [key: string]: number | null;
            };
            /** Agent */
            agent: string | null;
            /** Skills Available */
            skills_available: string[];
            /** Permissions */
            permissions: string[];
            /**
             * Budget Remaining Cents
             * @default null
             */
            budget_remaining_cents?: number | null;
            /**
             * Rate Limits
             * @default []
             */
            rate_limits?: components["schemas"]["RateLimit"][];
        };
        /**
         * CancelledRun
         * @description What a cancellation stops (`stopped`), what is in flight, and the steps whose effect `may_still_land`.
         */
        CancelledRun: {
            /** Run Id */
            run_id: string;
            /** Requested */
            requested: string;
            /** Stopped */
            stopped: string[];
            /** In Flight */
            in_flight: components["schemas"]["CallInFlight"][];
            /** May Still Land */
            may_still_land: string[];
        } & {
            [key: string]: unknown;
        };
        /** CandidateDecisionBody */
        CandidateDecisionBody: {
            /**
             * Reason
             * @description Why; at least 10 characters to reject and to withdraw.
             * @default
             */
            reason?: string;
        };
        /**
         * CandidateDetail
         * @description A candidate with what speaks for and against it, what it changes, and what was decided.
         */
        CandidateDetail: {
            /** Id */
            id: string;
            /** Signature */
            signature: string;
            /** Skill */
            skill: string | null;
            /** Code */
            code: string;
            /** Host */
            host: string | null;
            /** Cause */
            cause: string | null;
            /** Effect */
            effect: string | null;
            /** Entry */
            entry: number | null;
            mode: components["schemas"]["RecoveryMode"];
            /** Parameters */
            parameters: {
                [key: string]: unknown;
            };
            /** Because */
            because: string | null;
            /** Origin */
            origin: string;
            /** Occurrences */
            occurrences: number;
            /** First Seen At */
            first_seen_at: string | null;
            /** Last Seen At */
            last_seen_at: string | null;
            /** Confidence */
            confidence: number;
            /**
             * Confidence Label
             * @enum {string}
             */
            confidence_label: "prior" | "measured";
            /** Confidence Parts */
            confidence_parts: {
                [key: string]: unknown;
            };
            /** Applied */
            applied: number;
            /** Succeeded */
            succeeded: number;
            /** Baseline */
            baseline: {
                [key: string]: unknown;
            } | null;
            /** Measured Effect */
            measured_effect: {
                [key: string]: unknown;
            } | null;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "approved" | "rejected" | "withdrawn";
            /**
             * Policy
             * @enum {string}
             */
            policy: "none" | "shadow" | "active";
            /** May */
            may: string[];
            /** Decided By */
            decided_by: string | null;
            /** Reason */
            reason: string | null;
            /** Decided At */
            decided_at: string | null;
            /** Activated At */
            activated_at: string | null;
            /** Created By */
            created_by: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Evidence */
            evidence: {
                [key: string]: unknown;
            };
            /** Last Cases */
            last_cases: {
                [key: string]: unknown;
            }[];
            /** Counter Cases */
            counter_cases: {
                [key: string]: unknown;
            }[];
            /** Modes */
            modes: {
                [key: string]: unknown;
            }[];
            /** Agents */
            agents: {
                [key: string]: unknown;
            }[];
            /** Advice Now */
            advice_now: {
                [key: string]: unknown;
            };
            /** Advice Then */
            advice_then: {
                [key: string]: unknown;
            };
            /** Alternatives */
            alternatives: {
                [key: string]: unknown;
            }[];
            /** Policy Matches */
            policy_matches: {
                [key: string]: number;
            };
            /** Shadow Report */
            shadow_report: {
                [key: string]: unknown;
            } | null;
            /** Decisions */
            decisions: {
                [key: string]: unknown;
            }[];
        };
        /** CandidateDocuments */
        CandidateDocuments: {
            /** Data */
            data: {
                [key: string]: unknown;
            }[];
        };
        /**
         * CandidateImportBody
         * @description Candidates as the export gives them.
         */
        CandidateImportBody: {
            /** Data */
            data: unknown[];
        };
        /** CandidatePage */
        CandidatePage: {
            /** Data */
            data: components["schemas"]["CandidateView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * CandidateView
         * @description A recovery candidate: for the failures of one signature, what would be done, how sure that is, where its decision stands.
         */
        CandidateView: {
            /** Id */
            id: string;
            /** Signature */
            signature: string;
            /** Skill */
            skill: string | null;
            /** Code */
            code: string;
            /** Host */
            host: string | null;
            /** Cause */
            cause: string | null;
            /** Effect */
            effect: string | null;
            /** Entry */
            entry: number | null;
            mode: components["schemas"]["RecoveryMode"];
            /** Parameters */
            parameters: {
                [key: string]: unknown;
            };
            /** Because */
            because: string | null;
            /** Origin */
            origin: string;
            /** Occurrences */
            occurrences: number;
            /** First Seen At */
            first_seen_at: string | null;
            /** Last Seen At */
            last_seen_at: string | null;
            /** Confidence */
            confidence: number;
            /**
             * Confidence Label
             * @enum {string}
             */
            confidence_label: "prior" | "measured";
            /** Confidence Parts */
            confidence_parts: {
                [key: string]: unknown;
            };
            /** Applied */
            applied: number;
            /** Succeeded */
            succeeded: number;
            /** Baseline */
            baseline: {
                [key: string]: unknown;
            } | null;
            /** Measured Effect */
            measured_effect: {
                [key: string]: unknown;
            } | null;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "approved" | "rejected" | "withdrawn";
            /**
             * Policy
             * @enum {string}
             */
            policy: "none" | "shadow" | "active";
            /** May */
            may: string[];
            /** Decided By */
            decided_by: string | null;
            /** Reason */
            reason: string | null;
            /** Decided At */
            decided_at: string | null;
            /** Activated At */
            activated_at: string | null;
            /** Created By */
            created_by: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /** CatalogView */
        CatalogView: {
            /** Data */
            data: components["schemas"]["EntryView"][];
            /** Next Cursor */
            next_cursor: null;
        };
        /**
         * Category
         * @enum {string}
         */
        Category: "transient" | "permanent" | "resource" | "permission" | "validation";
        /**
         * Cause
         * @description A link in the chain that led to the end of a run: the step, what it failed with, and what was decided about that.
         *
         *     `root_step_id` is the step whose failure this one's follows from; itself where it is its own.
         */
        Cause: {
            /** Step Id */
            step_id: string | null;
            /** Root Step Id */
            root_step_id: string | null;
            /** Code */
            code: string;
            /** Message */
            message: string;
            /** Decisions */
            decisions: components["schemas"]["DecisionRecord"][];
        };
        /** Cell */
        Cell: {
            /** Code */
            code: string;
            /** Column */
            column: number;
            /**
             * From
             * Format: date-time
             */
            from: string;
            /** Failures */
            failures: number;
        };
        /**
         * Cents
         * @description A range of costs in cents with four decimals, derived from micro-USD for people.
         */
        Cents: {
            /** Low */
            low: number | null;
            /** Expected */
            expected: number | null;
            /** Worst */
            worst: number | null;
        };
        /**
         * Chain
         * @description What came of following the tenant's chain from its beginning: `problem` says where it breaks first.
         */
        Chain: {
            /** Chain */
            chain: string;
            /** Entries */
            entries: number;
            /** Holds */
            holds: boolean;
            /** Seq */
            seq: number | null;
            /** Problem */
            problem: string;
        };
        /**
         * Changes
         * @description What is changed; at least one thing. `recovery` is a candidate whose advice is tried; `prices` are percent of what was charged,
         *     by skill or by model; `faults` are done to the recorded calls.
         */
        Changes: {
            /** @default null */
            limits?: components["schemas"]["Limits"] | null;
            /** @default null */
            policies?: components["schemas"]["Policies"] | null;
            /**
             * Steps
             * @default {}
             */
            steps?: {
                [key: string]: components["schemas"]["StepPolicy"];
            };
            /**
             * Advice
             * @default []
             */
            advice?: components["schemas"]["AdviceChange"][];
            /**
             * Recovery
             * @default null
             */
            recovery?: string | null;
            /**
             * Prices
             * @default {}
             */
            prices?: {
                [key: string]: number;
            };
            /**
             * Faults
             * @default []
             */
            faults?: components["schemas"]["Fault"][];
            /**
             * Outcomes
             * @default []
             */
            outcomes?: components["schemas"]["OutcomeChange"][];
        };
        /**
         * ChaosBody
         * @description A plan or a goal, and which faults to try on it: all of them unless some are named, on every step unless one is.
         *
         *     `ignoring_keys` names skills whose other side is taken not to honour idempotency keys.
         */
        ChaosBody: {
            /**
             * Budget Micro Usd
             * @default null
             */
            budget_micro_usd?: number | null;
            /**
             * Budget Cents
             * @default null
             */
            budget_cents?: number | string | null;
            /**
             * Plan
             * @default null
             */
            plan?: {
                [key: string]: unknown;
            } | null;
            /**
             * Goal
             * @default null
             */
            goal?: string | null;
            /**
             * Agent
             * @default null
             */
            agent?: string | null;
            /**
             * Inputs
             * @default {}
             */
            inputs?: {
                [key: string]: unknown;
            };
            /**
             * Deadline Ms
             * @default null
             */
            deadline_ms?: number | null;
            /**
             * Faults
             * @default null
             */
            faults?: components["schemas"]["FaultKind"][] | null;
            /**
             * Pairs
             * @default true
             */
            pairs?: boolean;
            /**
             * Step
             * @default null
             */
            step?: string | null;
            /**
             * Ignoring Keys
             * @default []
             */
            ignoring_keys?: string[];
            /**
             * Seed
             * @default chaos
             */
            seed?: string;
        };
        /**
         * ChaosCase
         * @description One run of the plan with faults. `arrived` says whether the other side got the call where nobody in the run could know.
         *
         *     `calls` are those of the step, of a loop those of the item called most; `effects` what it did outside, `duplicates` how
         *     often once too much, `missing` how often the run says it is done while nothing happened. `honest`: the run ended, or waits
         *     for somebody who can settle it.
         */
        ChaosCase: {
            /** Faults */
            faults: components["schemas"]["FaultKind"][];
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Effect */
            effect: string;
            /** Arrived */
            arrived: boolean | null;
            end: components["schemas"]["ChaosEnd"];
            /** Calls */
            calls: number;
            /** Effects */
            effects: number;
            /** Duplicates */
            duplicates: number;
            /** Missing */
            missing: number;
            /** Honest */
            honest: boolean;
        };
        /**
         * ChaosEnd
         * @description How a run came out: `must_act` says who has to do something for it to go on, None where nobody has to.
         */
        ChaosEnd: {
            /** Status */
            status: string;
            /** Waiting For */
            waiting_for: string | null;
            /** Code */
            code: string | null;
            /** Must Act */
            must_act: string | null;
            /** Cost Micro Usd */
            cost_micro_usd: number;
            /** Duration Ms */
            duration_ms: number;
        };
        /**
         * ChaosLimits
         * @description What was left out because there was too much to play.
         */
        ChaosLimits: {
            /** Cases */
            cases: number;
            /** Played */
            played: number;
            /** Detail */
            detail: string;
        };
        /**
         * ChaosReport
         * @description What faults make of a plan. `passed`: no effect happens twice, none is claimed that did not happen, no run hangs.
         */
        ChaosReport: {
            /**
             * Schema Version
             * @default 1
             * @constant
             */
            schema_version?: "1";
            /** Passed */
            passed: boolean;
            /** Sentence */
            sentence: string;
            /** Plan Hash */
            plan_hash: string;
            /** Agent */
            agent: string;
            /** Seed */
            seed: string;
            without_faults: components["schemas"]["ChaosEnd"];
            /** Faults */
            faults: components["schemas"]["FaultReport"][];
            pairs: components["schemas"]["PairReport"] | null;
            /** Cases */
            cases: components["schemas"]["ChaosCase"][];
            /** Unreached */
            unreached: string[];
            /** Assumed */
            assumed: string[];
            limited: components["schemas"]["ChaosLimits"] | null;
        };
        /**
         * CircuitList
         * @description Those that are not closed first; one at rest for a day is forgotten.
         */
        CircuitList: {
            /** Data */
            data: components["schemas"]["CircuitView"][];
            /** Next Cursor */
            next_cursor: null;
        };
        /**
         * CircuitView
         * @description A circuit: `failures` in a row of the `limit` that opens it; open, it lets nothing through before `open_until_at`.
         *
         *     To a role that is not told where calls went, `scope` and `host` are null.
         */
        CircuitView: {
            /** Scope */
            scope: string | null;
            /** Skill */
            skill: string;
            /** Host */
            host: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "closed" | "open" | "half_open";
            /** Failures */
            failures: number;
            /** Limit */
            limit: number;
            /** Openings */
            openings: number;
            /** Open Until At */
            open_until_at: string | null;
            /** Trial Until At */
            trial_until_at: string | null;
            /** Last Code */
            last_code: string | null;
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
        };
        /**
         * Clearing
         * @description What clears an obstacle. `api` is the request that does it and `body` what it takes, `command` the same at a shell;
         *     `who` null: nobody has to do anything, or nobody can.
         */
        Clearing: {
            /** Detail */
            detail: string;
            /** @default null */
            who?: components["schemas"]["WhoMay"] | null;
            /**
             * Api
             * @default null
             */
            api?: string | null;
            /**
             * Body
             * @default null
             */
            body?: {
                [key: string]: unknown;
            } | null;
            /**
             * Command
             * @default null
             */
            command?: string | null;
        };
        /**
         * CodeCount
         * @description How often a code came up, and how often recovering from it was tried and worked.
         */
        CodeCount: {
            /** Code */
            code: string;
            category: components["schemas"]["Category"];
            /** Failures */
            failures: number;
            /** Missed */
            missed: number;
            /** Attempted */
            attempted: number;
            /** Succeeded */
            succeeded: number;
            /** Recovery Success Rate */
            recovery_success_rate: number | null;
        };
        /** CodeView */
        CodeView: {
            /** Failures */
            failures: number;
            /** Hits */
            hits: number;
            /** Misses */
            misses: number;
            /** Match Rate */
            match_rate: number | null;
            /**
             * Followed
             * @description Of the hits, those something was tried against.
             */
            followed: number;
            /** Acceptance Rate */
            acceptance_rate: number | null;
            /** Tried */
            tried: number;
            /** Worked */
            worked: number;
            /** Success Rate */
            success_rate: number | null;
            /**
             * Rerun
             * @description Come through in another run, where the run itself did not.
             */
            rerun: number;
            /**
             * Wasted Micro Usd
             * @description Null to a role that is told no costs.
             */
            wasted_micro_usd: number | null;
            /** Before */
            before: number;
            /** Trend */
            trend: number | null;
            /** Code */
            code: string;
            category: components["schemas"]["Category"];
        };
        /**
         * CompositionHints
         * @description What planners should know about where the skill fits.
         */
        CompositionHints: {
            /**
             * Often Followed By
             * @default []
             */
            often_followed_by?: string[];
            /**
             * Often Preceded By
             * @default []
             */
            often_preceded_by?: string[];
            /**
             * Anti Patterns
             * @default []
             */
            anti_patterns?: string[];
        };
        /**
         * Concurrency
         * @description Steps of the run that run now and how many may, and the runs of its agent and its tenant beside it.
         */
        Concurrency: {
            /** Max Parallel Steps */
            max_parallel_steps: number;
            /** Running */
            running: number;
            agent_runs: components["schemas"]["RunsNow"];
            tenant_runs: components["schemas"]["RunsNow"];
        };
        /**
         * Constraints
         * @description Bounds the runtime holds a skill to. `max_concurrency`: so many calls at once over all workers; null is unlimited.
         */
        Constraints: {
            /**
             * Max Input Size Bytes
             * @default 1048576
             */
            max_input_size_bytes?: number;
            /**
             * Max Output Size Bytes
             * @default 1048576
             */
            max_output_size_bytes?: number;
            /**
             * Timeout Ms
             * @default 30000
             */
            timeout_ms?: number;
            /**
             * Rate Limit Per Minute
             * @default null
             */
            rate_limit_per_minute?: number | null;
            /**
             * Max Concurrency
             * @default null
             */
            max_concurrency?: number | null;
            /**
             * Blocked Patterns
             * @default []
             */
            blocked_patterns?: string[];
        };
        /**
         * CostModel
         * @description What a call costs: a base, charged by the runtime for every call that counts, and a price per unit, which the skill
         *     itself reports. `worst_case_micro_usd` is all of it for the default parameters, None where no price is known.
         */
        CostModel: {
            /**
             * Base Micro Usd
             * @default 0
             */
            base_micro_usd?: number;
            /**
             * Per Unit
             * @default null
             */
            per_unit?: string | null;
            /**
             * Per Unit Micro Usd
             * @default null
             */
            per_unit_micro_usd?: number | null;
            /**
             * Worst Case Micro Usd
             * @default 0
             */
            worst_case_micro_usd?: number | null;
        };
        /**
         * CostRange
         * @description What something costs at least, probably and at most; null where nobody knows the price.
         */
        CostRange: {
            /** Low Micro Usd */
            low_micro_usd: number | null;
            /** Expected Micro Usd */
            expected_micro_usd: number | null;
            /** Worst Micro Usd */
            worst_micro_usd: number | null;
            readonly cents: components["schemas"]["Cents"];
        };
        /**
         * DeadLetter
         * @description A run that was given up, what it leaves behind, and the run it was queued again as.
         *
         *     Where the journal cannot be read (`journal_readable`), no effect and no call is known.
         */
        DeadLetter: {
            /** Run Id */
            run_id: string;
            /** Goal */
            goal: string;
            /** Agent */
            agent: string;
            /** Code */
            code: string | null;
            /** Summary */
            summary: string;
            /** Crash Count */
            crash_count: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Given Up At */
            given_up_at: string | null;
            last_in_flight: components["schemas"]["LostCall"] | null;
            /** Effects */
            effects: components["schemas"]["LeftEffect"][];
            /** Journal Readable */
            journal_readable: boolean;
            /** Last Workers */
            last_workers: components["schemas"]["LastWorker"][];
            requeued_as: components["schemas"]["OtherChance"] | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * DeadLetterPage
         * @description Runs that were given up, newest first.
         */
        DeadLetterPage: {
            /** Data */
            data: components["schemas"]["DeadLetter"][];
            /** Next Cursor */
            next_cursor: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * Decided
         * @description A word on a step that waits, taken down.
         */
        Decided: {
            /** Run Id */
            run_id: string;
            /** Requested */
            requested: string;
            /** Step Id */
            step_id: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * DecisionBody
         * @description A person's word on a step that waits. `action_hash` binds an approval to what was shown to the approver.
         *
         *     A no, a yes to what cannot be taken back, and a verdict on what is in doubt say why, in 10 characters at least.
         */
        DecisionBody: {
            /**
             * Step Id
             * @description Step id, with #n for an item of for_each.
             */
            step_id: string;
            /** Verdict */
            verdict: string;
            /**
             * Action Hash
             * @default null
             */
            action_hash?: string | null;
            /**
             * Value
             * @default null
             */
            value?: unknown;
            /**
             * Reason
             * @default
             */
            reason?: string;
        };
        /**
         * DecisionPage
         * @description Decisions after an event; an event's decisions are never parted. `next_after` null: these are the last so far.
         */
        DecisionPage: {
            /** Data */
            data: components["schemas"]["DecisionRecord"][];
            /** Next After */
            next_after: number | null;
        };
        /**
         * DecisionRecord
         * @description What was decided about an event of a run, by which rule and on what grounds (docs/reference/decisions.md).
         */
        DecisionRecord: {
            /** Seq */
            seq: number;
            /** At Ms */
            at_ms: number;
            /** Event */
            event: string;
            /** Kind */
            kind: string;
            /** Rule */
            rule: string;
            /** Words */
            words: string;
            /** Step Id */
            step_id: string | null;
            /** Attempt */
            attempt: number | null;
            /** Because */
            because: {
                [key: string]: unknown;
            };
            /** Alternatives */
            alternatives: string[];
            /** Delay Ms */
            delay_ms: number | null;
            /** Due At Ms */
            due_at_ms: number | null;
            /** Due At */
            due_at: string | null;
            /** Detail */
            detail: {
                [key: string]: unknown;
            };
        };
        /**
         * DecisionResult
         * @description What became of one of them.
         */
        DecisionResult: {
            /** Run Id */
            run_id: string;
            /** Step Id */
            step_id: string;
            /**
             * Result
             * @enum {string}
             */
            result: "decided" | "already_decided" | "changed" | "not_waiting" | "refused";
            /** Detail */
            detail: string;
        } & {
            [key: string]: unknown;
        };
        /** DecisionResults */
        DecisionResults: {
            /** Data */
            data: components["schemas"]["DecisionResult"][];
        } & {
            [key: string]: unknown;
        };
        /** DeliveryPage */
        DeliveryPage: {
            /** Data */
            data: components["schemas"]["DeliveryView"][];
            /** Next Cursor */
            next_cursor: string | null;
        } & {
            [key: string]: unknown;
        };
        /** DeliveryView */
        DeliveryView: {
            /** Delivery Id */
            delivery_id: string;
            /** Webhook Id */
            webhook_id: string;
            /** Event Type */
            event_type: string;
            /**
             * State
             * @enum {string}
             */
            state: "pending" | "delivered" | "failed";
            /** Attempts Total */
            attempts_total: number;
            last_attempt: components["schemas"]["Attempt"] | null;
            /** Next Attempt At */
            next_attempt_at: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Delivered At */
            delivered_at: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * Divergence
         * @description Where a replay, or another run, first did something else than the journal says.
         */
        Divergence: {
            /** Seq */
            seq: number | null;
            /** Step Id */
            step_id: string | null;
            /** Expected */
            expected: unknown;
            /** Actual */
            actual: unknown;
            /** Detail */
            detail: string;
        };
        /**
         * Doubt
         * @description A step whose effect is in doubt, as lists show it.
         */
        Doubt: {
            /** Run Id */
            run_id: string;
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Version */
            version: string;
            /** Agent */
            agent: string;
            /** Attempts */
            attempts: number;
            /** Failure Code */
            failure_code: string | null;
            /** Started At */
            started_at: string | null;
            /**
             * Run Created At
             * Format: date-time
             */
            run_created_at: string;
            /** Run Waiting For */
            run_waiting_for: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * DoubtEvidence
         * @description What is known of an effect that is in doubt, or was; `choices` says what each verdict leads to.
         */
        DoubtEvidence: {
            /** Run Id */
            run_id: string;
            /** Step Id */
            step_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "in_doubt" | "settled";
            /**
             * Run Status
             * @enum {string}
             */
            run_status: "queued" | "running" | "waiting" | "succeeded" | "partial" | "failed" | "cancelled" | "dead_lettered";
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /** Agent */
            agent: string;
            /** Skill */
            skill: string;
            /** Version */
            version: string;
            effect: components["schemas"]["Effect"];
            /** Why */
            why: string;
            sent: components["schemas"]["SentCall"];
            failure: components["schemas"]["CallFailure"] | null;
            probe: components["schemas"]["ProbeTold"];
            /** Verdicts */
            verdicts: components["schemas"]["VerdictTold"][];
            /** Choices */
            choices: {
                [key: string]: string;
            };
        } & {
            [key: string]: unknown;
        };
        /**
         * DoubtPage
         * @description Steps in doubt that wait for a verdict, those of the newest runs first.
         */
        DoubtPage: {
            /** Data */
            data: components["schemas"]["Doubt"][];
            /** Next Cursor */
            next_cursor: string | null;
        } & {
            [key: string]: unknown;
        };
        /** DriftPage */
        DriftPage: {
            /** Data */
            data: components["schemas"]["DriftView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * DriftReasonBody
         * @description What somebody says about an alert.
         */
        DriftReasonBody: {
            /** Reason */
            reason: string;
        };
        /**
         * DriftView
         * @description A skill version (`name@version`) or an agent (its id) that goes another way than it used to.
         *
         *     Both sides say `n`, how many numbers stand behind them, and `value`; the score departs from zero by the threshold or more.
         */
        DriftView: {
            /** Drift Id */
            drift_id: string;
            /**
             * Subject Kind
             * @enum {string}
             */
            subject_kind: "skill" | "agent";
            /** Subject */
            subject: string;
            /**
             * Measure
             * @enum {string}
             */
            measure: "failure_rate" | "cost" | "latency";
            /**
             * Direction
             * @enum {string}
             */
            direction: "up" | "down";
            /** Baseline */
            baseline: {
                [key: string]: unknown;
            };
            /** Recent */
            recent: {
                [key: string]: unknown;
            };
            /** Score */
            score: number;
            /** Threshold */
            threshold: number;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "acknowledged" | "resolved";
            /** By */
            by: string | null;
            /** Reason */
            reason: string | null;
            /**
             * First Seen At
             * Format: date-time
             */
            first_seen_at: string;
            /**
             * Last Seen At
             * Format: date-time
             */
            last_seen_at: string;
            /** Closed At */
            closed_at: string | null;
        };
        /**
         * DurationRange
         * @description How long something takes at least, probably and at most; null where nothing is known.
         */
        DurationRange: {
            /** Low Ms */
            low_ms: number | null;
            /** Expected Ms */
            expected_ms: number | null;
            /** Worst Ms */
            worst_ms: number | null;
        };
        /**
         * EditBody
         * @description Other parameters for the call of this action.
         */
        EditBody: {
            /** Action Hash */
            action_hash: string;
            /** Params */
            params: {
                [key: string]: unknown;
            };
        };
        /**
         * EditedCall
         * @description A waiting call with other parameters: what it would be. `worst_micro_usd` null: no price is known. `missing_micro_usd` is what the
         *     run's budget lacks for it, `asks_because` the rule by which it asks, `action_hash` what a yes to it is bound to.
         */
        EditedCall: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Version */
            version: string;
            /** Params */
            params: {
                [key: string]: unknown;
            };
            /** Changes */
            changes: {
                [key: string]: unknown;
            }[];
            /** Low Micro Usd */
            low_micro_usd: number;
            /** Expected Micro Usd */
            expected_micro_usd: number;
            /** Worst Micro Usd */
            worst_micro_usd: number | null;
            /** Expected Ms */
            expected_ms: number;
            /** Missing Micro Usd */
            missing_micro_usd: number;
            /** Asks Because */
            asks_because: string;
            /** Blockers */
            blockers: components["schemas"]["Blocker"][];
            /** Action Hash */
            action_hash: string;
        };
        /**
         * Effect
         * @description What a call does to the world outside, from harmless to final. From it follows what a retry may do.
         * @enum {string}
         */
        Effect: "none" | "read" | "idempotent_write" | "write" | "irreversible";
        /**
         * EffectAgain
         * @description A step that would be called again although its effect happened, or may have.
         */
        EffectAgain: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Effect */
            effect: string;
            /** Targets */
            targets: string[];
            /** Detail */
            detail: string;
        };
        /**
         * Ending
         * @description How a run came out, or would have, in the numbers people compare. `duration_ms` is in the time of the run.
         */
        Ending: {
            /** Status */
            status: string;
            /** Code */
            code: string | null;
            /** Waiting For */
            waiting_for: string | null;
            /** Cost Micro Usd */
            cost_micro_usd: number;
            /** Calls */
            calls: number;
            /** Retries */
            retries: number;
            /** Duration Ms */
            duration_ms: number;
        };
        /**
         * EntryBody
         * @description An override: what to do about a code, or about a code of one skill, instead of what the shared catalog says.
         */
        EntryBody: {
            /** Code */
            code: string;
            /**
             * Skill
             * @default null
             */
            skill?: string | null;
            /** @default null */
            mode?: components["schemas"]["RecoveryMode"] | null;
            /**
             * @default {
             *       "max_attempts": null,
             *       "first_ms": null,
             *       "cap_ms": null,
             *       "factor": null,
             *       "max_restores": null,
             *       "fallback_skill": null,
             *       "fallback_params": null
             *     }
             */
            parameters?: components["schemas"]["RecoveryParameters"];
            /**
             * Suggestions
             * @default []
             */
            suggestions?: string[];
            /**
             * Doc Url
             * @default null
             */
            doc_url?: string | null;
            /**
             * Prior Confidence
             * @default 0.5
             */
            prior_confidence?: number;
            /**
             * Reason
             * @description Why, for who reads it.
             */
            reason: string;
        };
        /** EntryChangeView */
        EntryChangeView: {
            /** Code */
            code: string;
            /** Skill */
            skill: string | null;
            /**
             * Action
             * @enum {string}
             */
            action: "created" | "edited" | "restored" | "unchanged";
            /** Changes */
            changes: components["schemas"]["FieldChange"][];
        };
        /**
         * EntryView
         * @description A catalog entry as the API shows it.
         */
        EntryView: {
            /** Id */
            id: number;
            /** Code */
            code: string;
            /** Skill */
            skill: string | null;
            /**
             * Scope
             * @enum {string}
             */
            scope: "shared" | "tenant";
            category: components["schemas"]["Category"];
            /** Retryable */
            retryable: boolean;
            /** Http Status */
            http_status: number;
            /** When */
            when: string;
            mode: components["schemas"]["RecoveryMode"];
            backoff: components["schemas"]["Pace"];
            /** Suggestions */
            suggestions: string[];
            /** Doc Url */
            doc_url: string;
            /** Parameters */
            parameters: {
                [key: string]: unknown;
            };
            /** Confidence */
            confidence: number;
            /**
             * Confidence Label
             * @enum {string}
             */
            confidence_label: "prior" | "measured";
            /** Prior Confidence */
            prior_confidence: number;
            /** Applied */
            applied: number;
            /** Succeeded */
            succeeded: number;
            /** Measured At */
            measured_at: string | null;
            /** Version */
            version: number;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Removed At */
            removed_at: string | null;
        };
        /**
         * EventPage
         * @description Events after a sequence number. `terminal` says that no more will come, `removed` that retention took some of them.
         */
        EventPage: {
            /** Data */
            data: components["schemas"]["RunEventView"][];
            /** Next After */
            next_after: number;
            /** Terminal */
            terminal: boolean;
            /** Removed */
            removed: boolean;
        };
        /** ExecuteBody */
        ExecuteBody: {
            /** Skill */
            skill: string;
            /**
             * Params
             * @default {}
             */
            params?: {
                [key: string]: unknown;
            };
            /**
             * Version
             * @default null
             */
            version?: string | null;
            /**
             * Agent
             * @default null
             */
            agent?: string | null;
        };
        /**
         * ExecutedOutcome
         * @description The outcome of a call by `execute`, with the run that recorded it.
         */
        ExecutedOutcome: {
            /** Success */
            success: boolean;
            /**
             * Result
             * @default null
             */
            result?: unknown;
            /** @default null */
            failure?: components["schemas"]["FailureInfo"] | null;
            execution: components["schemas"]["Execution"];
            /**
             * Side Effects
             * @default []
             */
            side_effects?: components["schemas"]["SideEffect"][];
            /**
             * @default {
             *       "suggested": [],
             *       "blocked": [],
             *       "budget_impact": {}
             *     }
             */
            next_actions?: components["schemas"]["NextActions"];
            /** Run Id */
            run_id: string;
        };
        /**
         * Execution
         * @description How a call went, whatever came of it.
         */
        Execution: {
            /** Skill */
            skill: string;
            /** Version */
            version: string;
            /** Latency Ms */
            latency_ms: number;
            /** Cost Micro Usd */
            cost_micro_usd: number | null;
            /**
             * Pricing Status
             * @enum {string}
             */
            pricing_status: "priced" | "unpriced" | "free";
            /**
             * Retries
             * @default 0
             */
            retries?: number;
            /**
             * Attempt
             * @default 1
             */
            attempt?: number;
            /** Timestamp */
            timestamp: string;
            /**
             * Trace Id
             * @default null
             */
            trace_id?: string | null;
            /**
             * Span Id
             * @default null
             */
            span_id?: string | null;
            /**
             * Cache Hit
             * @default false
             */
            cache_hit?: boolean;
            /**
             * Degraded
             * @default false
             */
            degraded?: boolean;
            /**
             * Degraded Reason
             * @default null
             */
            degraded_reason?: string | null;
            /** @default null */
            usage?: components["schemas"]["Usage"] | null;
            /**
             * Pricing Version
             * @default null
             */
            pricing_version?: string | null;
            /** Cost Cents */
            readonly cost_cents: number | null;
        };
        /**
         * Explanation
         * @description Why a run waits (`blocked_by`, what must be cleared first comes first), or why it ended as it did (`because`).
         */
        Explanation: {
            /** Run Id */
            run_id: string;
            /** Status */
            status: string;
            /** Summary */
            summary: string;
            /** Blocked By */
            blocked_by: components["schemas"]["Obstacle"][];
            /** Because */
            because: components["schemas"]["Cause"][];
            /** Failures */
            failures: components["schemas"]["FailureTold"][];
        };
        /** ExportView */
        ExportView: {
            /** Entries */
            entries: {
                [key: string]: unknown;
            }[];
        };
        /**
         * FailureDetails
         * @description What is known beyond the code; only what applies is set. `injected` names the fault that made the call fail on purpose.
         */
        FailureDetails: {
            /**
             * Upstream Status
             * @default null
             */
            upstream_status?: number | null;
            /**
             * Provider
             * @default null
             */
            provider?: string | null;
            /**
             * Errors
             * @default []
             */
            errors?: components["schemas"]["FaultDetail"][];
            /**
             * Target
             * @default null
             */
            target?: string | null;
            /**
             * Injected
             * @default null
             */
            injected?: string | null;
        };
        /**
         * FailureInfo
         * @description Why a call failed and what may be done about it.
         */
        FailureInfo: {
            /** Code */
            code: string;
            category: components["schemas"]["Category"];
            /** Message */
            message: string;
            /** Retryable */
            retryable: boolean;
            /**
             * Retry After Ms
             * @default null
             */
            retry_after_ms?: number | null;
            /**
             * Suggestions
             * @default []
             */
            suggestions?: string[];
            /**
             * Retry Safety
             * @default unknown
             * @enum {string}
             */
            retry_safety?: "safe" | "unsafe" | "unknown";
            /**
             * Phase
             * @default not_sent
             * @enum {string}
             */
            phase?: "not_sent" | "maybe_sent" | "acked";
            /**
             * @default {
             *       "upstream_status": null,
             *       "provider": null,
             *       "errors": [],
             *       "target": null,
             *       "injected": null
             *     }
             */
            details?: components["schemas"]["FailureDetails"];
            /**
             * Similar Past Failures
             * @default null
             */
            similar_past_failures?: number | null;
            /**
             * Past Recovery Success Rate
             * @default null
             */
            past_recovery_success_rate?: number | null;
            /**
             * Alternatives
             * @default []
             */
            alternatives?: components["schemas"]["Alternative"][];
            /**
             * Catalog Match
             * @default null
             */
            catalog_match?: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * FailureMode
         * @description A way a skill is known to fail. Category and retryable follow from the code.
         */
        FailureMode: {
            /** Code */
            code: string;
            category: components["schemas"]["Category"];
            /** Typical Cause */
            typical_cause: string;
            /** Retryable */
            retryable: boolean;
        };
        /**
         * FailureTold
         * @description One failure of a call, what the catalog advised, and what was decided about it.
         */
        FailureTold: {
            /** Seq */
            seq: number;
            /** Step Id */
            step_id: string;
            /** Attempt */
            attempt: number;
            /** Code */
            code: string;
            /** Message */
            message: string;
            /** Phase */
            phase: string;
            /** Advice */
            advice: {
                [key: string]: unknown;
            } | null;
            /** Suggestions */
            suggestions: string[];
            /** Decided */
            decided: components["schemas"]["DecisionRecord"][];
        };
        /**
         * Fault
         * @description A fault done to calls of a run on purpose: to the `attempt`-th call of a step, or of every step, and the `count` - 1 after it.
         *
         *     `after_ms` is how long the call takes before it happens (for `slow`, how long the answer takes); a lease lost after
         *     0 ms is lost before the call leaves. `retry_after_ms` is what `rate_limited` asks for.
         */
        Fault: {
            kind: components["schemas"]["FaultKind"];
            /**
             * Step
             * @default null
             */
            step?: string | null;
            /**
             * Attempt
             * @default 1
             */
            attempt?: number;
            /**
             * Count
             * @default 1
             */
            count?: number;
            /**
             * After Ms
             * @default null
             */
            after_ms?: number | null;
            /**
             * Retry After Ms
             * @default null
             */
            retry_after_ms?: number | null;
        };
        /**
         * FaultDetail
         * @description One fault in an input: where (RFC 6901), which code, in words.
         */
        FaultDetail: {
            /** Pointer */
            pointer: string;
            /** Code */
            code: string;
            /** Detail */
            detail: string;
        };
        /**
         * FaultKind
         * @description What can be done to a call.
         * @enum {string}
         */
        FaultKind: "timeout" | "dns" | "refused" | "rate_limited" | "server_error" | "malformed" | "crash_after_effect" | "duplicate_delivery" | "lost_lease" | "slow";
        /**
         * FaultReport
         * @description What one kind of fault leads to over all steps. `ends` counts the runs by how they came out.
         */
        FaultReport: {
            kind: components["schemas"]["FaultKind"];
            /** Words */
            words: string;
            /** Cases */
            cases: number;
            /** Ends */
            ends: {
                [key: string]: number;
            };
            /** Most Calls */
            most_calls: number;
            /** Duplicates */
            duplicates: number;
            /** Missing */
            missing: number;
            /** Dishonest */
            dishonest: number;
            /** Most Cost Micro Usd */
            most_cost_micro_usd: number;
            /** Longest Ms */
            longest_ms: number;
            /** Must Act */
            must_act: string[];
        };
        /**
         * FeedEvent
         * @description Something that happened. `cursor` is the place after it; `data` names the run, where there is one, with a link.
         */
        FeedEvent: {
            /** Cursor */
            cursor: string;
            /** Type */
            type: string;
            /** Timestamp */
            timestamp: string;
            /** Data */
            data: {
                [key: string]: unknown;
            };
        } & {
            [key: string]: unknown;
        };
        /**
         * FeedPage
         * @description Events after a place. `reset`: the place is so old that events after it may be gone, so this begins with what is kept.
         */
        FeedPage: {
            /** Data */
            data: components["schemas"]["FeedEvent"][];
            /** Next After */
            next_after: string;
            /** Terminal */
            terminal: boolean;
            /** Reset */
            reset: boolean;
        } & {
            [key: string]: unknown;
        };
        /** FieldChange */
        FieldChange: {
            /** Pointer */
            pointer: string;
            /** Before */
            before: unknown;
            /** After */
            after: unknown;
        };
        /** FixedBody */
        FixedBody: {
            /** Reason */
            reason: string;
            /**
             * Version
             * @default null
             */
            version?: string | null;
        };
        /** ForecastAnswer */
        ForecastAnswer: {
            /**
             * From
             * Format: date
             */
            from: string;
            /**
             * To
             * Format: date
             */
            to: string;
            /**
             * Today
             * Format: date
             */
            today: string;
            /** Time Zone */
            time_zone: string;
            /** Data */
            data: components["schemas"]["ForecastRow"][];
        };
        /**
         * ForecastRow
         * @description The month of the tenant or of an agent. Null where there is no day that is over to tell from; a range needs two.
         */
        ForecastRow: {
            /**
             * Scope
             * @enum {string}
             */
            scope: "tenant" | "agent";
            /** Agent */
            agent: string | null;
            /** Agent Id */
            agent_id: string | null;
            /** Spent Micro Usd */
            spent_micro_usd: number;
            /** Expected Micro Usd */
            expected_micro_usd: number | null;
            /** Low Micro Usd */
            low_micro_usd: number | null;
            /** High Micro Usd */
            high_micro_usd: number | null;
            /** Days */
            days: number;
            /** Method */
            method: ("mean" | "weekday") | null;
        };
        /**
         * FoundSkill
         * @description A skill that may serve a goal, with the words they share.
         */
        FoundSkill: {
            /** Skill */
            skill: string;
            /** Description */
            description: string;
            /** Shared Words */
            shared_words: string[];
        } & {
            [key: string]: unknown;
        };
        /** FreezeBody */
        FreezeBody: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "tenant" | "agent" | "skill";
            /**
             * Key
             * @default null
             */
            key?: string | null;
            /** Reason */
            reason: string;
        };
        /** FreezePage */
        FreezePage: {
            /** Data */
            data: components["schemas"]["FreezeView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * FreezeView
         * @description A freeze, which stands as long as it is `live`. One that stands `everywhere` is lifted by the operator alone.
         */
        FreezeView: {
            /** Freeze Id */
            freeze_id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "tenant" | "agent" | "skill";
            /** Key */
            key: string;
            /** Everywhere */
            everywhere: boolean;
            /** Live */
            live: boolean;
            /** Reason */
            reason: string;
            /** Frozen By */
            frozen_by: string;
            /**
             * Frozen At
             * Format: date-time
             */
            frozen_at: string;
            /** Lifted Because */
            lifted_because: string | null;
            /** Lifted By */
            lifted_by: string | null;
            /** Lifted At */
            lifted_at: string | null;
        };
        /**
         * GivenAnswerBody
         * @description An answer, of the shape the question's form says.
         */
        GivenAnswerBody: {
            /** Value */
            value: unknown;
        };
        /**
         * GivenVerdict
         * @description A verdict that was taken down, and what it leads to.
         */
        GivenVerdict: {
            /** Run Id */
            run_id: string;
            /** Step Id */
            step_id: string;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "happened" | "did_not_happen" | "probe_again";
            /** By */
            by: string;
            /** Leads To */
            leads_to: string;
        } & {
            [key: string]: unknown;
        };
        /** GoalBody */
        GoalBody: {
            /**
             * Budget Micro Usd
             * @default null
             */
            budget_micro_usd?: number | null;
            /**
             * Budget Cents
             * @default null
             */
            budget_cents?: number | string | null;
            /**
             * Agent
             * @description Name or id of an agent.
             */
            agent: string;
            /**
             * Inputs
             * @default {}
             */
            inputs?: {
                [key: string]: unknown;
            };
            /**
             * Deadline Ms
             * @default null
             */
            deadline_ms?: number | null;
            /**
             * Priority
             * @default 0
             */
            priority?: number;
            /**
             * Callback Url
             * @default null
             */
            callback_url?: string | null;
            /**
             * Called By
             * @default null
             */
            called_by?: string | null;
            /**
             * Faults
             * @description Faults to inject on purpose, where the tenant allows it.
             * @default []
             */
            faults?: components["schemas"]["Fault"][];
            /** Goal */
            goal: string;
        };
        /**
         * GrantBody
         * @description A yes in advance to calls of `skill`; `agent` and `host` left out are all of them. One of `max_uses`, `max_total_micro_usd` and
         *     `expires_at` must end it.
         */
        GrantBody: {
            /** Skill */
            skill: string;
            /**
             * Agent
             * @default null
             */
            agent?: string | null;
            /**
             * Host
             * @default
             */
            host?: string;
            /**
             * Max Uses
             * @default null
             */
            max_uses?: number | null;
            /**
             * Max Call Micro Usd
             * @default null
             */
            max_call_micro_usd?: number | null;
            /**
             * Max Total Micro Usd
             * @default null
             */
            max_total_micro_usd?: number | null;
            /**
             * Expires At
             * @default null
             */
            expires_at?: string | null;
            /** Reason */
            reason: string;
        };
        /** GrantPage */
        GrantPage: {
            /** Data */
            data: components["schemas"]["GrantView"][];
            /** Next Cursor */
            next_cursor: string | null;
        } & {
            [key: string]: unknown;
        };
        /** GrantUsePage */
        GrantUsePage: {
            /** Data */
            data: components["schemas"]["GrantUseView"][];
            /** Next Cursor */
            next_cursor: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * GrantUseView
         * @description A call that a grant let through.
         */
        GrantUseView: {
            /** Run Id */
            run_id: string;
            /** Step Id */
            step_id: string;
            /** Action Hash */
            action_hash: string;
            /** Worst Micro Usd */
            worst_micro_usd: number;
            /**
             * At
             * Format: date-time
             */
            at: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * GrantView
         * @description A standing grant, and how much of it is used.
         */
        GrantView: {
            /** Grant Id */
            grant_id: string;
            /**
             * State
             * @enum {string}
             */
            state: "in_force" | "revoked" | "expired" | "used_up";
            /** Skill */
            skill: string;
            /** Agent */
            agent: string | null;
            /** Host */
            host: string | null;
            /** Max Uses */
            max_uses: number | null;
            /** Max Call Micro Usd */
            max_call_micro_usd: number | null;
            /** Max Total Micro Usd */
            max_total_micro_usd: number | null;
            /** Expires At */
            expires_at: string | null;
            /** Uses */
            uses: number;
            /** Used Micro Usd */
            used_micro_usd: number;
            /** Reason */
            reason: string;
            /** Granted By */
            granted_by: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Revoked At */
            revoked_at: string | null;
            /** Revoked By */
            revoked_by: string | null;
        } & {
            [key: string]: unknown;
        };
        /** GroupAgent */
        GroupAgent: {
            /** Agent Id */
            agent_id: string | null;
            /** Agent */
            agent: string | null;
            /** Failures */
            failures: number;
        };
        /** GroupCandidate */
        GroupCandidate: {
            /** Candidate Id */
            candidate_id: string;
            mode: components["schemas"]["RecoveryMode"];
            /** Parameters */
            parameters: {
                [key: string]: unknown;
            };
            /** State */
            state: string;
            /** Policy */
            policy: string;
            /** Applied */
            applied: number;
            /** Succeeded */
            succeeded: number;
            /** Confidence */
            confidence: number;
            /**
             * Confidence Label
             * @enum {string}
             */
            confidence_label: "prior" | "measured";
        };
        /** GroupDecision */
        GroupDecision: {
            /** Decision */
            decision: string | null;
            mode: components["schemas"]["RecoveryMode"] | null;
            /** Match Type */
            match_type: string;
            /** Failures */
            failures: number;
            /** Tried */
            tried: number;
            /** Worked */
            worked: number;
            /** Rerun */
            rerun: number;
        };
        /** GroupPage */
        GroupPage: {
            /**
             * From
             * Format: date-time
             */
            from: string;
            /**
             * To
             * Format: date-time
             */
            to: string;
            /** Filters */
            filters: {
                [key: string]: string;
            };
            /** Data */
            data: components["schemas"]["GroupView"][];
            /** More */
            more: boolean;
        };
        /** GroupVersion */
        GroupVersion: {
            /** Skill Version */
            skill_version: string | null;
            /** Failures */
            failures: number;
            /**
             * First Seen At
             * Format: date-time
             */
            first_seen_at: string;
            /**
             * Last Seen At
             * Format: date-time
             */
            last_seen_at: string;
        };
        /**
         * GroupView
         * @description Failures of one signature.
         */
        GroupView: {
            /** Failures */
            failures: number;
            /** Hits */
            hits: number;
            /** Misses */
            misses: number;
            /** Match Rate */
            match_rate: number | null;
            /**
             * Followed
             * @description Of the hits, those something was tried against.
             */
            followed: number;
            /** Acceptance Rate */
            acceptance_rate: number | null;
            /** Tried */
            tried: number;
            /** Worked */
            worked: number;
            /** Success Rate */
            success_rate: number | null;
            /**
             * Rerun
             * @description Come through in another run, where the run itself did not.
             */
            rerun: number;
            /**
             * Wasted Micro Usd
             * @description Null to a role that is told no costs.
             */
            wasted_micro_usd: number | null;
            /** Before */
            before: number;
            /** Trend */
            trend: number | null;
            /** Signature */
            signature: string;
            /**
             * State
             * @enum {string}
             */
            state: "new" | "ongoing" | "regressed" | "fixed" | "muted";
            /** Code */
            code: string;
            category: components["schemas"]["Category"];
            /** Skill */
            skill: string | null;
            /** Host */
            host: string | null;
            /** Cause */
            cause: string | null;
            /**
             * First Seen At
             * Format: date-time
             */
            first_seen_at: string;
            /**
             * Last Seen At
             * Format: date-time
             */
            last_seen_at: string;
            /** Agents */
            agents: components["schemas"]["GroupAgent"][];
            /** Agents In All */
            agents_in_all: number;
            /** Skill Versions */
            skill_versions: string[];
            mark: components["schemas"]["MarkView"] | null;
            regressed_on: components["schemas"]["Regression"] | null;
        };
        /**
         * GroupedBy
         * @description What all failures of a signature share.
         */
        GroupedBy: {
            /** Skill */
            skill: string | null;
            /** Code */
            code: string;
            /** Host */
            host: string | null;
            /** Cause */
            cause: string | null;
        };
        /** HeatMap */
        HeatMap: {
            /**
             * From
             * Format: date-time
             */
            from: string;
            /**
             * Hours
             * @description How many hours a column is wide.
             */
            hours: number;
            /** Columns */
            columns: number;
            /** Cells */
            cells: components["schemas"]["Cell"][];
        };
        /**
         * ImportBody
         * @description Entries as they are exported; a dry run says what would change and changes nothing.
         */
        ImportBody: {
            /** Entries */
            entries: unknown[];
            /**
             * Dry Run
             * @default false
             */
            dry_run?: boolean;
            /**
             * Reason
             * @description Why, for who reads it.
             */
            reason: string;
        };
        /** ImportView */
        ImportView: {
            /** Dry Run */
            dry_run: boolean;
            /** Changed */
            changed: number;
            /** Data */
            data: components["schemas"]["EntryChangeView"][];
        };
        /** ImportedView */
        ImportedView: {
            /** Documents */
            documents: number;
            /** Made */
            made: number;
            /** Changed */
            changed: number;
        };
        /**
         * Invariant
         * @description One promise a replay checks.
         */
        Invariant: {
            /** Name */
            name: string;
            /** Held */
            held: boolean;
            /**
             * Detail
             * @default
             */
            detail?: string;
        };
        /** KeyBody */
        KeyBody: {
            /** Name */
            name: string;
            /** Scopes */
            scopes: string[];
            /**
             * Expires At
             * @default null
             */
            expires_at?: string | null;
            /**
             * Service Account Id
             * @default null
             */
            service_account_id?: string | null;
        };
        /** KeyPage */
        KeyPage: {
            /** Data */
            data: components["schemas"]["KeyView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * KeyView
         * @description A key. `owner` is who made it, and was shown its secret: the two are one actor. Null where a command made it for nobody.
         */
        KeyView: {
            /** Key Id */
            key_id: string;
            /** Name */
            name: string;
            /** Prefix */
            prefix: string;
            /** Scopes */
            scopes: string[];
            /** Owner */
            owner: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "live" | "expired" | "revoked";
            /** Service Account Id */
            service_account_id: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
            /** Last Used At */
            last_used_at: string | null;
        };
        /**
         * LastWorker
         * @description A session that wrote to the run; of one that is gone only its number is known.
         */
        LastWorker: {
            /** Session */
            session: number;
            /** Host */
            host: string | null;
            /** Pid */
            pid: number | null;
            /** State */
            state: string | null;
            /**
             * Last Event At
             * Format: date-time
             */
            last_event_at: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * LeftEffect
         * @description An effect another chance would make again: it happened, or may have.
         */
        LeftEffect: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            effect: components["schemas"]["Effect"];
            /**
             * State
             * @enum {string}
             */
            state: "happened" | "in_doubt";
            /** Target */
            target: string | null;
            /** Idempotency Key */
            idempotency_key: string | null;
        } & {
            [key: string]: unknown;
        };
        /** LiftBody */
        LiftBody: {
            /** Reason */
            reason: string;
        };
        /**
         * Limits
         * @description Other limits than the run was accepted under; one that is given as null is no limit.
         */
        Limits: {
            /**
             * Limit Micro Usd
             * @default null
             */
            limit_micro_usd?: number | null;
            /**
             * Per Step Max Micro Usd
             * @default null
             */
            per_step_max_micro_usd?: number | null;
            /**
             * Max Parallel
             * @default null
             */
            max_parallel?: number | null;
            /**
             * Max Attempts
             * @default null
             */
            max_attempts?: number | null;
            /**
             * Max Repetitions
             * @default null
             */
            max_repetitions?: number | null;
            /**
             * Deadline Ms
             * @default null
             */
            deadline_ms?: number | null;
        };
        /**
         * LinkBody
         * @description For whom a link is, and for how many seconds it is good; never for longer than the call waits.
         */
        LinkBody: {
            /** For */
            for: string;
            /**
             * Ttl S
             * @default 3600
             */
            ttl_s?: number;
        };
        /**
         * LinkView
         * @description A link that decides once. Whoever has it decides as this person: `url` is told this once.
         */
        LinkView: {
            /** Link Id */
            link_id: string;
            /** Made For */
            made_for: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Url */
            url: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * LostCall
         * @description The call that was under way when the last worker died.
         */
        LostCall: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Attempt */
            attempt: number;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * MadeLink
         * @description A link as it stands: `open` until it is used, taken back, or out of time. What else ends it, its call says.
         */
        MadeLink: {
            /** Link Id */
            link_id: string;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "used" | "revoked" | "expired";
            /** Made For */
            made_for: string;
            /** Made By */
            made_by: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Used At */
            used_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
            /** Revoked By */
            revoked_by: string | null;
        } & {
            [key: string]: unknown;
        };
        /** MadeLinks */
        MadeLinks: {
            /** Data */
            data: components["schemas"]["MadeLink"][];
        } & {
            [key: string]: unknown;
        };
        /**
         * ManyDecisionsBody
         * @description One word on many calls, and why. Each is decided on its own; those that cannot be taken back are decided one by one elsewhere.
         */
        ManyDecisionsBody: {
            /** Decisions */
            decisions: components["schemas"]["OneOfMany"][];
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "approve" | "reject";
            /**
             * Reason
             * @default
             */
            reason?: string;
        };
        /**
         * MarkView
         * @description What somebody said about a group last, and who.
         */
        MarkView: {
            /** Fixed In */
            fixed_in: string | null;
            /** Fixed At */
            fixed_at: string | null;
            /** Muted Until */
            muted_until: string | null;
            /** By */
            by: string;
            /** Reason */
            reason: string;
        };
        /** MarkedView */
        MarkedView: {
            /** Fixed In */
            fixed_in: string | null;
            /** Fixed At */
            fixed_at: string | null;
            /** Muted Until */
            muted_until: string | null;
            /** By */
            by: string;
            /** Reason */
            reason: string;
            /** Signature */
            signature: string;
        };
        /** MatchPage */
        MatchPage: {
            /** Data */
            data: components["schemas"]["MatchView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * MatchView
         * @description A failure as the API shows it: what it was, what the catalog said, what was decided, what came of it.
         *
         *     What a role is not told on the console is null: what was said, its cause, where the call went, what it cost.
         */
        MatchView: {
            /** Id */
            id: string;
            /** Run Id */
            run_id: string;
            /** Seq */
            seq: number;
            /** Step Id */
            step_id: string | null;
            /** Attempt */
            attempt: number;
            /** Skill */
            skill: string | null;
            /** Skill Version */
            skill_version: string | null;
            /** Code */
            code: string;
            category: components["schemas"]["Category"];
            /** Message */
            message: string | null;
            /** Signature */
            signature: string;
            grouped_by: components["schemas"]["GroupedBy"];
            /** Effect */
            effect: string | null;
            /** Phase */
            phase: string | null;
            /** Cost Micro Usd */
            cost_micro_usd: number | null;
            /**
             * Match Type
             * @enum {string}
             */
            match_type: "code+skill" | "code" | "signature" | "miss";
            /** Entry */
            entry: number | null;
            /** Confidence */
            confidence: number | null;
            /** Decision */
            decision: string | null;
            mode: components["schemas"]["RecoveryMode"] | null;
            /** Candidate */
            candidate: string | null;
            shadow_mode: components["schemas"]["RecoveryMode"] | null;
            /** Recovery Attempted */
            recovery_attempted: boolean;
            /** Recovery Succeeded */
            recovery_succeeded: boolean | null;
            /** Recovered By */
            recovered_by: string | null;
            /** Injected */
            injected: boolean;
            /** Resolved At */
            resolved_at: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * MeasuredCost
         * @description What such steps cost, tries that failed included.
         */
        MeasuredCost: {
            /** P50 Micro Usd */
            p50_micro_usd: number;
            /** P95 Micro Usd */
            p95_micro_usd: number;
            /** N */
            n: number;
        };
        /**
         * MeasuredFailures
         * @description Which part of n calls failed.
         */
        MeasuredFailures: {
            /** Rate */
            rate: number;
            /** N */
            n: number;
        };
        /**
         * MeasuredLatency
         * @description What steps took that came to their result, from the first try on, and how many stand behind it.
         */
        MeasuredLatency: {
            /** P50 Ms */
            p50_ms: number;
            /** P95 Ms */
            p95_ms: number;
            /** N */
            n: number;
        };
        /** ModeView */
        ModeView: {
            /** Failures */
            failures: number;
            /** Hits */
            hits: number;
            /** Misses */
            misses: number;
            /** Match Rate */
            match_rate: number | null;
            /**
             * Followed
             * @description Of the hits, those something was tried against.
             */
            followed: number;
            /** Acceptance Rate */
            acceptance_rate: number | null;
            /** Tried */
            tried: number;
            /** Worked */
            worked: number;
            /** Success Rate */
            success_rate: number | null;
            /**
             * Rerun
             * @description Come through in another run, where the run itself did not.
             */
            rerun: number;
            /**
             * Wasted Micro Usd
             * @description Null to a role that is told no costs.
             */
            wasted_micro_usd: number | null;
            mode: components["schemas"]["RecoveryMode"] | null;
            time_to_recovery: components["schemas"]["TimesView"];
        };
        /** MuteBody */
        MuteBody: {
            /** Reason */
            reason: string;
            /**
             * Until
             * Format: date-time
             */
            until: string;
        };
        /**
         * NewKeyView
         * @description A key with its plaintext, which no other answer shows. Null where a repeated request is answered.
         */
        NewKeyView: {
            /** Key Id */
            key_id: string;
            /** Name */
            name: string;
            /** Prefix */
            prefix: string;
            /** Scopes */
            scopes: string[];
            /** Owner */
            owner: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "live" | "expired" | "revoked";
            /** Service Account Id */
            service_account_id: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
            /** Last Used At */
            last_used_at: string | null;
            /** Key */
            key: string | null;
        };
        /**
         * NextActions
         * @description What can sensibly be called next. `budget_impact` is micro-USD per allowed skill, None where unknown.
         */
        NextActions: {
            /**
             * Suggested
             * @default []
             */
            suggested?: string[];
            /**
             * Blocked
             * @default []
             */
            blocked?: components["schemas"]["BlockedAction"][];
            /**
             * Budget Impact
             * @default {}
             */
            budget_impact?: {
                [key: string]: number | null;
            };
        };
        /**
         * NoteBody
         * @description `assign` hands the decision to a member who may decide (`to`), `ask` asks who asked for the run, who answers by `reply`.
         */
        NoteBody: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "assign" | "ask" | "reply";
            /**
             * To
             * @default
             */
            to?: string;
            /**
             * Text
             * @default
             */
            text?: string;
        };
        /** NoteList */
        NoteList: {
            /** Data */
            data: components["schemas"]["NoteView"][];
        } & {
            [key: string]: unknown;
        };
        /**
         * NoteView
         * @description Something said about a call that waits.
         */
        NoteView: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "assign" | "ask" | "reply";
            /** To */
            to: string;
            /** Text */
            text: string;
            /** By */
            by: string;
            /**
             * At
             * Format: date-time
             */
            at: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * Obstacle
         * @description Something that keeps a run, or one of its steps, from going on.
         *
         *     `current` of `limit` is how full or far it is: runs, calls, attempts, micro-USD, needs that have ended. `holder` is who or
         *     what has it, `since_at` how long already, `eta_at` when it is gone by itself or is lost by waiting; null where nobody knows.
         */
        Obstacle: {
            /**
             * What
             * @enum {string}
             */
            what: "lease" | "slot" | "schedule" | "paused" | "frozen" | "in_doubt" | "approval" | "input" | "budget" | "missing_version" | "circuit" | "rate" | "retry" | "dependency";
            /**
             * Step Id
             * @default null
             */
            step_id?: string | null;
            /** Detail */
            detail: string;
            /**
             * Scope
             * @default null
             */
            scope?: string | null;
            /**
             * Current
             * @default null
             */
            current?: number | null;
            /**
             * Limit
             * @default null
             */
            limit?: number | null;
            /**
             * Holder
             * @default null
             */
            holder?: string | null;
            /**
             * Since At
             * @default null
             */
            since_at?: string | null;
            /**
             * Eta At
             * @default null
             */
            eta_at?: string | null;
            action: components["schemas"]["Clearing"];
        };
        /** OneGroupView */
        OneGroupView: {
            /** Failures */
            failures: number;
            /** Hits */
            hits: number;
            /** Misses */
            misses: number;
            /** Match Rate */
            match_rate: number | null;
            /**
             * Followed
             * @description Of the hits, those something was tried against.
             */
            followed: number;
            /** Acceptance Rate */
            acceptance_rate: number | null;
            /** Tried */
            tried: number;
            /** Worked */
            worked: number;
            /** Success Rate */
            success_rate: number | null;
            /**
             * Rerun
             * @description Come through in another run, where the run itself did not.
             */
            rerun: number;
            /**
             * Wasted Micro Usd
             * @description Null to a role that is told no costs.
             */
            wasted_micro_usd: number | null;
            /** Before */
            before: number;
            /** Trend */
            trend: number | null;
            /** Signature */
            signature: string;
            /**
             * State
             * @enum {string}
             */
            state: "new" | "ongoing" | "regressed" | "fixed" | "muted";
            /** Code */
            code: string;
            category: components["schemas"]["Category"];
            /** Skill */
            skill: string | null;
            /** Host */
            host: string | null;
            /** Cause */
            cause: string | null;
            /**
             * First Seen At
             * Format: date-time
             */
            first_seen_at: string;
            /**
             * Last Seen At
             * Format: date-time
             */
            last_seen_at: string;
            /** Agents */
            agents: components["schemas"]["GroupAgent"][];
            /** Agents In All */
            agents_in_all: number;
            /** Skill Versions */
            skill_versions: string[];
            mark: components["schemas"]["MarkView"] | null;
            regressed_on: components["schemas"]["Regression"] | null;
            /**
             * From
             * Format: date-time
             */
            from: string;
            /**
             * To
             * Format: date-time
             */
            to: string;
            why_grouped: components["schemas"]["WhyGrouped"];
            /** Versions */
            versions: components["schemas"]["GroupVersion"][];
            /** Decisions */
            decisions: components["schemas"]["GroupDecision"][];
            candidate: components["schemas"]["GroupCandidate"] | null;
            /** Examples */
            examples: components["schemas"]["MatchView"][];
        };
        /**
         * OneOfMany
         * @description A call as it was shown.
         */
        OneOfMany: {
            /** Run Id */
            run_id: string;
            /**
             * Step Id
             * @description Step id, with #n for an item of for_each.
             */
            step_id: string;
            /** Action Hash */
            action_hash: string;
        };
        /**
         * OtherChance
         * @description The run that does it once more.
         */
        OtherChance: {
            /** Run Id */
            run_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "waiting" | "succeeded" | "partial" | "failed" | "cancelled" | "dead_lettered";
        } & {
            [key: string]: unknown;
        };
        /**
         * OtlpTrace
         * @description The same as OpenTelemetry tells it (OTLP/JSON), where `format=otlp` is asked for.
         */
        OtlpTrace: {
            /** Resourcespans */
            resourceSpans: {
                [key: string]: unknown;
            }[];
        } & {
            [key: string]: unknown;
        };
        /**
         * OutcomeChange
         * @description What a call would have come to instead: a result, or a failure with a code.
         */
        OutcomeChange: {
            /** Step Id */
            step_id: string;
            /**
             * Attempt
             * @default 1
             */
            attempt?: number;
            /**
             * Result
             * @default null
             */
            result?: unknown;
            /**
             * Code
             * @default null
             */
            code?: string | null;
            /**
             * Message
             * @default
             */
            message?: string;
            /**
             * Phase
             * @default not_sent
             * @enum {string}
             */
            phase?: "not_sent" | "maybe_sent" | "acked";
            /**
             * Retry After Ms
             * @default null
             */
            retry_after_ms?: number | null;
            /**
             * Cost Micro Usd
             * @default null
             */
            cost_micro_usd?: number | null;
            /**
             * Latency Ms
             * @default null
             */
            latency_ms?: number | null;
        };
        /** Pace */
        Pace: {
            /** Max Attempts */
            max_attempts: number;
            /** First Ms */
            first_ms: number;
            /** Cap Ms */
            cap_ms: number;
            /** Factor */
            factor: number;
        };
        /**
         * PairReport
         * @description What pairs of faults lead to, one after the other on the same step; `cases` are those that went wrong.
         */
        PairReport: {
            /** Played */
            played: number;
            /** Duplicating */
            duplicating: number;
            /** Cases */
            cases: components["schemas"]["ChaosCase"][];
        };
        /** Part */
        Part: {
            /** Calls */
            calls: number;
            /** Cost Micro Usd */
            cost_micro_usd: number;
        };
        /** AccountChanges */
        PatchedAccountChanges: {
            /**
             * Role
             * @default null
             */
            role?: ("viewer" | "auditor" | "approver" | "operator" | "developer" | "tenant_admin") | null;
            /**
             * Description
             * @default null
             */
            description?: string | null;
            /**
             * Is Active
             * @default null
             */
            is_active?: boolean | null;
        };
        /**
         * AgentChanges
         * @description What to change; a given profile replaces the old one whole.
         *
         *     With `expected_version` nothing is changed where the agent is at another version by now (409). `reason` is kept with the version
         *     and in the audit log. `owner` is the user name of a member, or a service account as `account:NAME`; "" makes the agent nobody's. It
         *     takes a tenant admin, or a key with the scope admin.
         */
        PatchedAgentChanges: {
            /**
             * Name
             * @default null
             */
            name?: string | null;
            /**
             * Description
             * @default null
             */
            description?: string | null;
            /**
             * Status
             * @default null
             */
            status?: ("active" | "paused" | "disabled") | null;
            /**
             * Profile
             * @default null
             */
            profile?: {
                [key: string]: unknown;
            } | null;
            /**
             * Owner
             * @default null
             */
            owner?: string | null;
            /**
             * Expected Version
             * @default null
             */
            expected_version?: number | null;
            /**
             * Reason
             * @default null
             */
            reason?: string | null;
        };
        /**
         * EntryChanges
         * @description What to change in which version; given parameters replace the old ones whole.
         */
        PatchedEntryChanges: {
            /** Version */
            version: number;
            /**
             * Reason
             * @description Why, for who reads it.
             */
            reason: string;
            /** @default null */
            mode?: components["schemas"]["RecoveryMode"] | null;
            /** @default null */
            parameters?: components["schemas"]["RecoveryParameters"] | null;
            /**
             * Suggestions
             * @default null
             */
            suggestions?: string[] | null;
            /**
             * Doc Url
             * @default null
             */
            doc_url?: string | null;
            /**
             * Prior Confidence
             * @default null
             */
            prior_confidence?: number | null;
        };
        /**
         * WebhookChanges
         * @description What is to be other than it is; `is_enabled` switches an endpoint off, or on again.
         */
        PatchedWebhookChanges: {
            /**
             * Url
             * @default null
             */
            url?: string | null;
            /**
             * Event Types
             * @default null
             */
            event_types?: string[] | null;
            /**
             * Description
             * @default null
             */
            description?: string | null;
            /**
             * May Answer
             * @default null
             */
            may_answer?: boolean | null;
            /**
             * Is Enabled
             * @default null
             */
            is_enabled?: boolean | null;
        };
        /** PermissionGap */
        PermissionGap: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Reason */
            reason: string;
        };
        /**
         * Plan
         * @description An ordered set of steps that reaches a goal. Order is given by dependencies, not by position.
         */
        Plan: {
            /**
             * Schema Version
             * @default 1
             * @constant
             */
            schema_version?: 1;
            /**
             * Planner
             * @default manual
             */
            planner?: string;
            /**
             * Planner Version
             * @default 1
             */
            planner_version?: string;
            /**
             * Goal
             * @default
             */
            goal?: string;
            /** Steps */
            steps: components["schemas"]["PlanStep"][];
            /**
             * Metadata
             * @default {}
             */
            metadata?: {
                [key: string]: unknown;
            };
        };
        /**
         * PlanAlternative
         * @description Another way to the same end, simulated like the plan itself. `change` is what would have to be otherwise; the saving
         *     is that of the worst case.
         */
        PlanAlternative: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "cheaper_model" | "degraded" | "parallel_steps" | "larger_budget";
            /** Step Ids */
            step_ids: string[];
            /** Detail */
            detail: string;
            /** Change */
            change: {
                [key: string]: unknown;
            };
            /**
             * Saving Micro Usd
             * @default null
             */
            saving_micro_usd?: number | null;
            /** @default null */
            cost?: components["schemas"]["CostRange"] | null;
            /** @default null */
            duration?: components["schemas"]["DurationRange"] | null;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "feasible" | "budget_insufficient" | "permission_denied" | "skill_unavailable" | "plan_invalid" | "rate_limited" | "deadline_insufficient";
        };
        /** PlanBody */
        PlanBody: {
            /** Plan */
            plan: {
                [key: string]: unknown;
            };
        };
        /**
         * PlanStep
         * @description One skill call of a plan.
         *
         *     `on_error` says what happens when the attempts are used up; null leaves that to the catalog, and to
         *     ABORT where the catalog has nothing better.
         */
        PlanStep: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /**
             * Version
             * @default null
             */
            version?: string | null;
            /**
             * Params
             * @default {}
             */
            params?: {
                [key: string]: unknown;
            };
            /**
             * Description
             * @default
             */
            description?: string;
            /**
             * Depends On
             * @default []
             */
            depends_on?: string[];
            /**
             * Condition
             * @default null
             */
            condition?: string | null;
            /**
             * For Each
             * @default null
             */
            for_each?: string | null;
            /**
             * Max Items
             * @default 100
             */
            max_items?: number;
            /**
             * On Error
             * @default null
             */
            on_error?: ("abort" | "continue" | "retry" | "fallback" | "escalate") | null;
            /** @default null */
            retry?: components["schemas"]["RetryPolicy"] | null;
            /**
             * Fallback Skill
             * @default null
             */
            fallback_skill?: string | null;
            /**
             * Fallback Params
             * @default null
             */
            fallback_params?: {
                [key: string]: unknown;
            } | null;
            /**
             * Timeout Ms
             * @default null
             */
            timeout_ms?: number | null;
            /**
             * Approval
             * @default policy
             * @enum {string}
             */
            approval?: "never" | "always" | "policy";
            /**
             * Output Key
             * @default null
             */
            output_key?: string | null;
        };
        /** PlanVerdict */
        PlanVerdict: {
            /** Valid */
            valid: boolean;
            /** Plan Hash */
            plan_hash: string;
        };
        /**
         * PlannerChoice
         * @description Which planner proposes for the agent, with that planner's own options (model, effort, …).
         */
        PlannerChoice: {
            /**
             * Name
             * @default stub
             * @enum {string}
             */
            name?: "stub" | "claude" | "openai_compatible";
            /**
             * Options
             * @default {}
             */
            options?: {
                [key: string]: unknown;
            };
        };
        /**
         * Policies
         * @description Other policies of the agent than the run was accepted under.
         */
        Policies: {
            /**
             * Approval Effects
             * @default null
             */
            approval_effects?: ("none" | "read" | "idempotent_write" | "write" | "irreversible")[] | null;
            /**
             * In Doubt Policy
             * @default null
             */
            in_doubt_policy?: ("ask" | "assume_happened" | "assume_not") | null;
            /**
             * On Exhausted
             * @default null
             */
            on_exhausted?: ("pause" | "fail" | "finish_cheap") | null;
            /**
             * Allowed Skills
             * @default null
             */
            allowed_skills?: string[] | null;
            /**
             * Blocked Skills
             * @default null
             */
            blocked_skills?: string[] | null;
        };
        /** PriceList */
        PriceList: {
            /** Data */
            data: components["schemas"]["PriceView"][];
        };
        /**
         * PriceTier
         * @description Micro-USD per million tokens, for calls whose input is longer than `above_input_tokens`.
         */
        PriceTier: {
            /** Above Input Tokens */
            above_input_tokens: number;
            /** Input */
            input: number;
            /** Output */
            output: number;
            /** Cache Read */
            cache_read: number;
            /** Cache Write */
            cache_write: number;
        };
        /**
         * PriceView
         * @description What a model, or a call of a skill, costs from a day on. `version` is what charges name it by (`pricing_version`).
         */
        PriceView: {
            /** Price Id */
            price_id: string;
            /** Version */
            version: string;
            /**
             * Provider
             * @enum {string}
             */
            provider: "anthropic" | "openai_compatible" | "skill";
            /** Model */
            model: string;
            /** Match */
            match: {
                [key: string]: string;
            }[];
            /** Valid From */
            valid_from: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "in_force" | "coming" | "past" | "withdrawn";
            /**
             * Origin
             * @enum {string}
             */
            origin: "shipped" | "operator";
            /** Tiers */
            tiers: components["schemas"]["PriceTier"][];
            /** Per Call Micro Usd */
            per_call_micro_usd: number | null;
            /** Created At */
            created_at: string;
            /** Withdrawn At */
            withdrawn_at: string | null;
        };
        /**
         * ProbeAnswer
         * @description What one look found out.
         */
        ProbeAnswer: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Attempt */
            attempt: number;
            /**
             * Answer
             * @enum {string}
             */
            answer: "happened" | "did_not_happen" | "unknown";
        } & {
            [key: string]: unknown;
        };
        /**
         * ProbeTold
         * @description Whether the skill can look whether it happened, how, and what it found out so far.
         */
        ProbeTold: {
            /** Possible */
            possible: boolean;
            /** How */
            how: string | null;
            /** Answers */
            answers: components["schemas"]["ProbeAnswer"][];
        } & {
            [key: string]: unknown;
        };
        /** QueryBody */
        QueryBody: {
            /** What */
            what: string;
            /**
             * Filters
             * @default {}
             */
            filters?: {
                [key: string]: unknown;
            };
        };
        /**
         * QuestionAnswer
         * @description The answer to `what`; of the other fields only those of its question are there.
         *
         *     remaining_budget: budget · state: run, steps by their status · history: runs · rate_limits: agent, rate_limits ·
         *     what_did_i_try_already: step, failures, decided · last_step_outcome: outcome · why_did_step_fail: step_id, status, failures,
         *     decided, because · decisions: run_id, decisions · allowed_skills: agent, skills · skills_available_for_goal: skills ·
         *     relevant_memories: memories, why · blocked_by: run_id, blocked_by · explain: run_id, status, summary, blocked_by, because,
         *     failures. `query_type` and `remaining_budget_cents` answer who asks as aos-sdk 0.1.0 does.
         */
        QuestionAnswer: {
            /**
             * What
             * @default null
             */
            what?: string | null;
            /**
             * Query Type
             * @default null
             */
            query_type?: string | null;
            /**
             * Run Id
             * @default null
             */
            run_id?: string | null;
            /**
             * Step Id
             * @default null
             */
            step_id?: string | null;
            /**
             * Status
             * @default null
             */
            status?: string | null;
            /**
             * Summary
             * @default null
             */
            summary?: string | null;
            /**
             * Agent
             * @default null
             */
            agent?: string | null;
            /** @default null */
            budget?: components["schemas"]["RunBudget"] | null;
            /**
             * Remaining Budget Cents
             * @default null
             */
            remaining_budget_cents?: number | null;
            /** @default null */
            run?: components["schemas"]["RunView"] | null;
            /**
             * Runs
             * @default null
             */
            runs?: components["schemas"]["RunView"][] | null;
            /** @default null */
            step?: components["schemas"]["ToldStep"] | null;
            /**
             * Steps
             * @default null
             */
            steps?: {
                [key: string]: string;
            } | {
                [key: string]: unknown;
            }[] | null;
            /** @default null */
            outcome?: components["schemas"]["StructuredOutcome"] | null;
            /**
             * Failures
             * @default null
             */
            failures?: components["schemas"]["FailureTold"][] | null;
            /**
             * Decided
             * @default null
             */
            decided?: components["schemas"]["DecisionRecord"][] | null;
            /**
             * Decisions
             * @default null
             */
            decisions?: components["schemas"]["DecisionRecord"][] | null;
            /**
             * Because
             * @default null
             */
            because?: components["schemas"]["Cause"][] | null;
            /**
             * Blocked By
             * @default null
             */
            blocked_by?: components["schemas"]["Obstacle"][] | null;
            /**
             * Rate Limits
             * @default null
             */
            rate_limits?: components["schemas"]["RateLimit"][] | null;
            /**
             * Skills
             * @default null
             */
            skills?: string[] | components["schemas"]["FoundSkill"][] | null;
            /**
             * Memories
             * @default null
             */
            memories?: unknown[] | null;
            /**
             * Why
             * @default null
             */
            why?: string | null;
        } & {
            [key: string]: unknown;
        };
        /** QuestionPage */
        QuestionPage: {
            /** Data */
            data: components["schemas"]["QuestionView"][];
            /** Unreadable */
            unreadable: components["schemas"]["UnreadableRun"][];
            /** Next Cursor */
            next_cursor: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * QuestionView
         * @description What a step asks a person. `waits_for`: `input` is a question of the plan, the others ask what becomes of a failure; `form` is the
         *     JSON Schema of the answer.
         */
        QuestionView: {
            /** Run Id */
            run_id: string;
            /** Step Id */
            step_id: string;
            /** Agent */
            agent: string;
            /** Goal */
            goal: string;
            /** Requested By */
            requested_by: string;
            /** Skill */
            skill: string;
            /** Version */
            version: string;
            /**
             * Waits For
             * @enum {string}
             */
            waits_for: "input" | "escalation" | "intervention";
            /** Question */
            question: string;
            /** Form */
            form: unknown;
            /** Failure Code */
            failure_code: string;
            /** Expires At */
            expires_at: string | null;
            /**
             * Run Created At
             * Format: date-time
             */
            run_created_at: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * RateForecast
         * @description The calls a plan is expected to make under a limit a minute, and how long one of them waits for it at the most.
         */
        RateForecast: {
            /** Scope */
            scope: string;
            /** Limit */
            limit: number;
            /** Calls */
            calls: number;
            /** Waits Ms */
            waits_ms: number;
        };
        /**
         * RateLimit
         * @description So many calls a minute in a scope. `resets_at` is when all of it is there again if nobody calls; null where it is.
         */
        RateLimit: {
            /** Scope */
            scope: string;
            /** Limit */
            limit: number;
            /** Remaining */
            remaining: number;
            /** Resets At */
            resets_at: string | null;
        };
        /**
         * RateRule
         * @description So many calls a minute of a skill, to a host, or of a skill to a host, by one agent.
         *
         *     A host stands for all its ports unless it names one; `*.example.com` for all hosts below it together.
         */
        RateRule: {
            /**
             * Skill
             * @default null
             */
            skill?: string | null;
            /**
             * Host
             * @default null
             */
            host?: string | null;
            /** Per Minute */
            per_minute: number;
        };
        /** ReasonBody */
        ReasonBody: {
            /**
             * Reason
             * @default
             */
            reason?: string;
        };
        /**
         * RecoveryMode
         * @description What can be done about a failure; chosen by `catalog.recovery`, carried out by the machine.
         * @enum {string}
         */
        RecoveryMode: "RETRY_IMMEDIATE" | "RETRY_EXPONENTIAL" | "RETRY_WITH_JITTER" | "FALLBACK" | "CIRCUIT_BREAKER" | "SKIP" | "ABORT" | "ESCALATE" | "CHECKPOINT_RESTORE" | "MANUAL_INTERVENTION";
        /**
         * RecoveryParameters
         * @description How a retry paces itself, and how else a mode goes about it; the pace that is None comes from the taxonomy.
         *
         *     FALLBACK calls `fallback_skill` (None: the same skill) with its own parameters and `fallback_params` laid over them.
         *     CHECKPOINT_RESTORE begins a step that has used up its attempts afresh, `max_restores` times.
         */
        RecoveryParameters: {
            /**
             * Max Attempts
             * @default null
             */
            max_attempts?: number | null;
            /**
             * First Ms
             * @default null
             */
            first_ms?: number | null;
            /**
             * Cap Ms
             * @default null
             */
            cap_ms?: number | null;
            /**
             * Factor
             * @default null
             */
            factor?: number | null;
            /**
             * Max Restores
             * @default null
             */
            max_restores?: number | null;
            /**
             * Fallback Skill
             * @default null
             */
            fallback_skill?: string | null;
            /**
             * Fallback Params
             * @default null
             */
            fallback_params?: {
                [key: string]: unknown;
            } | null;
        };
        /** Regression */
        Regression: {
            /** Skill Version */
            skill_version: string | null;
            /**
             * At
             * Format: date-time
             */
            at: string;
        };
        /** RemovedBudget */
        RemovedBudget: {
            /** Removed */
            removed: string;
            /** Scope */
            scope: string;
        };
        /**
         * ReplayBody
         * @description How a run is replayed. `allow_effects` is for live ones, `changes` and `assume` are for what-if.
         */
        ReplayBody: {
            /**
             * Mode
             * @default verify
             * @enum {string}
             */
            mode?: "verify" | "tape" | "live" | "what_if";
            /**
             * Allow Effects
             * @default false
             */
            allow_effects?: boolean;
            /** @default null */
            changes?: components["schemas"]["Changes"] | null;
            /**
             * Assume
             * @default stop
             * @enum {string}
             */
            assume?: "stop" | "success" | "failure";
        };
        /**
         * ReplayReport
         * @description What a replay found. `matched` is None while a live one is under way; of a what-if it says that nothing would change.
         *
         *     `content` says of a live one whether results are the same, which is no promise; `waiting_for` what its child waits for.
         */
        ReplayReport: {
            /** Run Id */
            run_id: string;
            /**
             * Mode
             * @enum {string}
             */
            mode: "verify" | "tape" | "live" | "what_if";
            /**
             * Status
             * @default done
             * @enum {string}
             */
            status?: "done" | "running";
            /** Matched */
            matched: boolean | null;
            /**
             * Child Run Id
             * @default null
             */
            child_run_id?: string | null;
            /**
             * Missing
             * @default []
             */
            missing?: components["schemas"]["VersionGap"][];
            /** @default null */
            what_if?: components["schemas"]["WhatIfOutcome"] | null;
            /**
             * Content
             * @default null
             */
            content?: string | null;
            /**
             * Waiting For
             * @default null
             */
            waiting_for?: string | null;
            divergence: components["schemas"]["Divergence"] | null;
            /** Invariants */
            invariants: components["schemas"]["Invariant"][];
            /** Behaviour Hash */
            behaviour_hash: string;
            /** Recorded Behaviour Hash */
            recorded_behaviour_hash: string;
            /** Content Hash */
            content_hash: string;
            /** Recorded Content Hash */
            recorded_content_hash: string;
            /** Events */
            events: number;
        };
        /**
         * Requested
         * @description A wish for a run that was taken down; the run meets it as soon as it can.
         */
        Requested: {
            /** Run Id */
            run_id: string;
            /** Requested */
            requested: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * RequeueBody
         * @description `accept_doubt`: make effects again that happened, or may have.
         */
        RequeueBody: {
            /** Reason */
            reason: string;
            /**
             * Accept Doubt
             * @default false
             */
            accept_doubt?: boolean;
        };
        /**
         * RerunBody
         * @description How a run is done again; an empty body does all of it as it was. With `dry_run` the answer says what that would mean.
         */
        RerunBody: {
            /**
             * Budget Micro Usd
             * @default null
             */
            budget_micro_usd?: number | null;
            /**
             * Budget Cents
             * @default null
             */
            budget_cents?: number | string | null;
            /**
             * From Step
             * @default null
             */
            from_step?: string | null;
            /**
             * Versions
             * @default current
             * @enum {string}
             */
            versions?: "current" | "pinned";
            /**
             * Params
             * @description Whole new parameters, by step.
             * @default {}
             */
            params?: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
            /**
             * Inputs
             * @default null
             */
            inputs?: {
                [key: string]: unknown;
            } | null;
            /**
             * Plan Anew
             * @description Have another plan made; its planner is told what of this one failed or was refused.
             * @default false
             */
            plan_anew?: boolean;
            /**
             * Repeat Effects
             * @description Agree to calls again whose effect happened already.
             * @default false
             */
            repeat_effects?: boolean;
            /**
             * Dry Run
             * @default false
             */
            dry_run?: boolean;
        };
        /**
         * RerunPreview
         * @description What doing a run again would mean: which steps are called, which results are kept, with which versions, at what cost; or what its
         *     planner is told.
         */
        RerunPreview: {
            /** Run Id */
            run_id: string;
            /** From Step */
            from_step: string | null;
            /**
             * Versions
             * @enum {string}
             */
            versions: "current" | "pinned";
            /** Carried */
            carried: string[];
            /** Again */
            again: string[];
            /** Version Changes */
            version_changes: components["schemas"]["VersionChange"][];
            /**
             * Tells Planner
             * @default []
             */
            tells_planner?: {
                [key: string]: string;
            }[];
            /** Effects Again */
            effects_again: components["schemas"]["EffectAgain"][];
            simulation: components["schemas"]["Simulation"] | null;
        };
        /** ResetBody */
        ResetBody: {
            /** Skill */
            skill: string;
            /**
             * Host
             * @description host:port, as in `host` of the list.
             */
            host: string;
            /** Reason */
            reason: string;
        };
        /**
         * ResourceContract
         * @description What a run may use: fixed before it starts, its numbers read live.
         *
         *     `rate_limits` names the limits its calls stand under, some of them shared with other runs. `blocked_by` is the scope the
         *     run waits for, because it is short of money or frozen.
         */
        ResourceContract: {
            /** Run Id */
            run_id: string;
            /** Blocked By */
            blocked_by: string | null;
            budget: components["schemas"]["RunBudget"];
            /** Rate Limits */
            rate_limits: components["schemas"]["RateLimit"][];
            concurrency: components["schemas"]["Concurrency"];
            time: components["schemas"]["Time"];
            attempts: components["schemas"]["Attempts"];
            /** Allowed Skills */
            allowed_skills: string[];
            /** Blocked Skills */
            blocked_skills: string[];
            /** Allowed Hosts */
            allowed_hosts: string[] | null;
            /** Approvals */
            approvals: components["schemas"]["ApprovalNotice"][];
            /** Scopes */
            scopes: components["schemas"]["ScopeMoney"][];
        };
        /**
         * RestoreBody
         * @description Brings a removed entry back, or any entry to what it said in an earlier version.
         */
        RestoreBody: {
            /**
             * Version
             * @default null
             */
            version?: number | null;
            /**
             * To Version
             * @default null
             */
            to_version?: number | null;
            /**
             * Reason
             * @description Why, for who reads it.
             */
            reason: string;
        };
        /**
         * RetryPolicy
         * @description How often to try in all and how long to wait between; what is not given comes from the catalog's advice.
         */
        RetryPolicy: {
            /**
             * Max Attempts
             * @default 3
             */
            max_attempts?: number;
            /**
             * Backoff Ms
             * @default null
             */
            backoff_ms?: number | null;
            /**
             * Factor
             * @default null
             */
            factor?: number | null;
            /**
             * Max Backoff Ms
             * @default null
             */
            max_backoff_ms?: number | null;
        };
        /**
         * Reversal
         * @description The run that took an effect back, or tried to.
         */
        Reversal: {
            /** Run Id */
            run_id: string;
            /** Status */
            status: string;
            /** By */
            by: string;
            /** Reason */
            reason: string;
            /** At */
            at: string;
        };
        /** RevokeGrantBody */
        RevokeGrantBody: {
            /** Reason */
            reason: string;
        };
        /**
         * Risk
         * @description What history says may go otherwise, with the number of calls or steps it rests on.
         */
        Risk: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "fails" | "slow" | "unpredictable";
            /** Skill */
            skill: string;
            /** Version */
            version: string;
            /** Step Ids */
            step_ids: string[];
            /** Detail */
            detail: string;
            /** Value */
            value: number;
            /** N */
            n: number;
        };
        /**
         * RunBody
         * @description A run of a given plan, of a goal for the agent's planner, or of a simulation, which says inputs, budget and deadline too.
         */
        RunBody: {
            /**
             * Budget Micro Usd
             * @default null
             */
            budget_micro_usd?: number | null;
            /**
             * Budget Cents
             * @default null
             */
            budget_cents?: number | string | null;
            /**
             * Agent
             * @description Name or id of an agent.
             */
            agent: string;
            /**
             * Inputs
             * @default {}
             */
            inputs?: {
                [key: string]: unknown;
            };
            /**
             * Deadline Ms
             * @default null
             */
            deadline_ms?: number | null;
            /**
             * Priority
             * @default 0
             */
            priority?: number;
            /**
             * Callback Url
             * @default null
             */
            callback_url?: string | null;
            /**
             * Called By
             * @default null
             */
            called_by?: string | null;
            /**
             * Faults
             * @description Faults to inject on purpose, where the tenant allows it.
             * @default []
             */
            faults?: components["schemas"]["Fault"][];
            /**
             * Plan
             * @default null
             */
            plan?: {
                [key: string]: unknown;
            } | null;
            /**
             * Goal
             * @default null
             */
            goal?: string | null;
            /**
             * Simulation Id
             * @default null
             */
            simulation_id?: string | null;
        };
        /**
         * RunBudget
         * @description The run's own money. `subtree_spent_micro_usd` is its own and that of all runs it called, each counted once.
         */
        RunBudget: {
            /** Total Micro Usd */
            total_micro_usd: number | null;
            /** Spent Micro Usd */
            spent_micro_usd: number;
            /** Reserved Micro Usd */
            reserved_micro_usd: number;
            /**
             * Per Step Max Micro Usd
             * @default null
             */
            per_step_max_micro_usd?: number | null;
            /**
             * Worst Case To Finish Micro Usd
             * @default null
             */
            worst_case_to_finish_micro_usd?: number | null;
            /**
             * Subtree Spent Micro Usd
             * @default 0
             */
            subtree_spent_micro_usd?: number;
            /**
             * On Exhausted
             * @default pause
             * @enum {string}
             */
            on_exhausted?: "pause" | "fail" | "finish_cheap";
            may_top_up: components["schemas"]["WhoMay"];
            /** @default null */
            shortage?: components["schemas"]["Shortage"] | null;
            /** Remaining Micro Usd */
            readonly remaining_micro_usd: number | null;
            /** Cents */
            readonly cents: {
                [key: string]: number | null;
            };
        };
        /**
         * RunCost
         * @description `subtree_spent_micro_usd`: what the run and all runs it called have spent.
         */
        RunCost: {
            /** Spent Micro Usd */
            spent_micro_usd: number;
            /** Subtree Spent Micro Usd */
            subtree_spent_micro_usd: number;
            /** Reserved Micro Usd */
            reserved_micro_usd: number;
            /** Limit Micro Usd */
            limit_micro_usd: number | null;
            /** Worst To Finish Micro Usd */
            worst_to_finish_micro_usd: number | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * RunDifference
         * @description Two runs side by side. `same` when nothing that counts differs: results, texts and durations never do.
         *
         *     `complete` is false while one of them goes on: it is compared as far as it has come.
         */
        RunDifference: {
            /** Run Id */
            run_id: string;
            /** Other Run Id */
            other_run_id: string;
            /** Same */
            same: boolean;
            /** Complete */
            complete: boolean;
            divergence: components["schemas"]["Divergence"] | null;
            /** Other Seq */
            other_seq: number | null;
            /** Invariants */
            invariants: components["schemas"]["Invariant"][];
            /** Aspects */
            aspects: components["schemas"]["Aspect"][];
            /** Made Of */
            made_of: components["schemas"]["BomChange"][];
            /** Steps */
            steps: components["schemas"]["StepDifference"][];
        };
        /** RunEventView */
        RunEventView: {
            /** Seq */
            seq: number;
            /** Kind */
            kind: string;
            /** At Ms */
            at_ms: number;
            /**
             * Step Id
             * @default null
             */
            step_id?: string | null;
            /**
             * Attempt
             * @default null
             */
            attempt?: number | null;
            /** Data */
            data: {
                [key: string]: unknown;
            };
        } & {
            [key: string]: unknown;
        };
        /** RunPage */
        RunPage: {
            /** Data */
            data: components["schemas"]["RunView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * RunView
         * @description A run as lists and pages show it.
         */
        RunView: {
            /** Run Id */
            run_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "waiting" | "succeeded" | "partial" | "failed" | "cancelled" | "dead_lettered";
            /** Waiting For */
            waiting_for: string | null;
            /** Goal */
            goal: string;
            /** Agent */
            agent: string;
            /** Planner */
            planner: string;
            /** Summary */
            summary: string;
            /** Failure Code */
            failure_code: string | null;
            cost: components["schemas"]["RunCost"];
            /** Steps Total */
            steps_total: number;
            /** Steps Done */
            steps_done: number;
            /** Retries */
            retries: number;
            /** Faults */
            faults: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Started At */
            started_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /** Behaviour Hash */
            behaviour_hash: string;
            /** Content Hash */
            content_hash: string;
            /** Journal Head */
            journal_head: string;
            /** Parent Run Id */
            parent_run_id: string | null;
            /** Relation */
            relation: string | null;
            /** Blocked By */
            blocked_by: string | null;
            /** Trace Id */
            trace_id: string | null;
            /**
             * Kept
             * @enum {string}
             */
            kept: "everything" | "events" | "parts" | "effects" | "row";
            /** Removed At */
            removed_at: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * RunsNow
         * @description Runs that are being worked on, and how many may be; null is unlimited.
         */
        RunsNow: {
            /** Running */
            running: number;
            /** Limit */
            limit: number | null;
        };
        /**
         * RuntimeSimulation
         * @description A simulation; the last two fields are for plans sent as a list, as aos-sdk 0.1.0 does.
         */
        RuntimeSimulation: {
            /** Simulation Id */
            simulation_id: string;
            /** Plan Hash */
            plan_hash: string | null;
            /** Feasible */
            feasible: boolean;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "feasible" | "budget_insufficient" | "permission_denied" | "skill_unavailable" | "plan_invalid" | "rate_limited" | "deadline_insufficient";
            /** Blockers */
            blockers: components["schemas"]["Blocker"][];
            cost: components["schemas"]["CostRange"];
            duration: components["schemas"]["DurationRange"];
            /** Steps */
            steps: components["schemas"]["StepForecast"][];
            /** Permission Gaps */
            permission_gaps: components["schemas"]["PermissionGap"][];
            /** Approvals */
            approvals: components["schemas"]["ApprovalForecast"][];
            budget_after: components["schemas"]["BudgetAfter"] | null;
            /**
             * Scopes
             * @default []
             */
            scopes?: components["schemas"]["ScopeAfter"][];
            /**
             * Rate Limits
             * @default []
             */
            rate_limits?: components["schemas"]["RateForecast"][];
            /**
             * Risks
             * @default []
             */
            risks?: components["schemas"]["Risk"][];
            /**
             * Alternatives
             * @default []
             */
            alternatives?: components["schemas"]["PlanAlternative"][];
            /**
             * Estimated Cost Cents
             * @default null
             */
            estimated_cost_cents?: number | null;
            /**
             * Reason
             * @default null
             */
            reason?: string | null;
        };
        /**
         * RuntimeSkills
         * @description All skills in full, and beside it a line for each.
         */
        RuntimeSkills: {
            /** Data */
            data: components["schemas"]["SkillMetadata"][];
            /** Skills */
            skills: components["schemas"]["SkillLine"][];
            /** Count */
            count: number;
        };
        /** SchemaNames */
        SchemaNames: {
            /** Data */
            data: string[];
        };
        /**
         * ScopeAfter
         * @description What the worst case leaves of a scope of money; null where that is unlimited, or the worst case not known.
         */
        ScopeAfter: {
            /** Scope */
            scope: string;
            /** Limit Micro Usd */
            limit_micro_usd: number | null;
            /** Remaining Micro Usd */
            remaining_micro_usd: number | null;
            /** Worst Micro Usd */
            worst_micro_usd: number | null;
            /** After Micro Usd */
            after_micro_usd: number | null;
        };
        /**
         * ScopeMoney
         * @description A scope the run draws on. Reserved is what runs hold of it, what they have spent since they last settled included.
         *
         *     `scope` is its label, `kind:key`, and of a day `kind:key@2026-11-28`.
         */
        ScopeMoney: {
            /** Total Micro Usd */
            total_micro_usd: number | null;
            /** Spent Micro Usd */
            spent_micro_usd: number;
            /** Reserved Micro Usd */
            reserved_micro_usd: number;
            /** Scope */
            scope: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "tenant" | "agent" | "model" | "run";
            /** Key */
            key: string;
            /** Day */
            day: string | null;
            /** Remaining Micro Usd */
            readonly remaining_micro_usd: number | null;
            /** Cents */
            readonly cents: {
                [key: string]: number | null;
            };
        };
        /**
         * SentCall
         * @description The call in doubt. `ended_at` null: nobody lived to tell; `target` null: nobody can say.
         */
        SentCall: {
            /** Attempt */
            attempt: number;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Ended At */
            ended_at: string | null;
            /** Timeout Ms */
            timeout_ms: number;
            /**
             * Phase
             * @enum {string}
             */
            phase: "not_sent" | "maybe_sent" | "acked";
            /** Target */
            target: string | null;
            /** Idempotency Key */
            idempotency_key: string | null;
            /** Bytes Acknowledged */
            bytes_acknowledged: number | null;
            /** Provider Reference */
            provider_reference: string | null;
            /** Side Effects */
            side_effects: components["schemas"]["SideEffect"][];
        } & {
            [key: string]: unknown;
        };
        /**
         * Shortage
         * @description Why a run waits for money: the scope that is short, what it lacks for the next step, and what the run may need in all.
         *
         *     `cost_to_finish_micro_usd` is the worst case, null where nobody knows. At `retry_at` the scope has room by itself.
         */
        Shortage: {
            /** Scope */
            scope: string;
            /** Missing Micro Usd */
            missing_micro_usd: number;
            /** Cost To Finish Micro Usd */
            cost_to_finish_micro_usd: number | null;
            /** Retry At */
            retry_at: string | null;
            may_top_up: components["schemas"]["WhoMay"];
        };
        /**
         * SideEffect
         * @description One thing a call did, or may have done, outside. `target` holds no secrets and no query values.
         */
        SideEffect: {
            /** Type */
            type: string;
            /** Target */
            target: string;
            effect: components["schemas"]["Effect"];
            /**
             * Phase
             * @enum {string}
             */
            phase: "not_sent" | "maybe_sent" | "acked";
            /**
             * Idempotency Key
             * @default null
             */
            idempotency_key?: string | null;
            /**
             * Reversible
             * @default false
             */
            reversible?: boolean;
            /**
             * Reversed By
             * @default null
             */
            reversed_by?: string | null;
        };
        /** SimulateBody */
        SimulateBody: {
            /**
             * Budget Micro Usd
             * @default null
             */
            budget_micro_usd?: number | null;
            /**
             * Budget Cents
             * @default null
             */
            budget_cents?: number | string | null;
            /**
             * Plan
             * @default null
             */
            plan?: {
                [key: string]: unknown;
            } | null;
            /**
             * Goal
             * @default null
             */
            goal?: string | null;
            /**
             * Agent
             * @default null
             */
            agent?: string | null;
            /**
             * Inputs
             * @default {}
             */
            inputs?: {
                [key: string]: unknown;
            };
            /**
             * Deadline Ms
             * @default null
             */
            deadline_ms?: number | null;
        };
        /**
         * Simulation
         * @description What a plan would cost and take, and what would stop it, before anything is done.
         *
         *     `budget_after` is null without a budget, and where the worst case is not known; `scopes` holds every scope the run would
         *     draw on. An approval is no blocker. `risks` come from history alone.
         */
        Simulation: {
            /** Simulation Id */
            simulation_id: string;
            /** Plan Hash */
            plan_hash: string | null;
            /** Feasible */
            feasible: boolean;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "feasible" | "budget_insufficient" | "permission_denied" | "skill_unavailable" | "plan_invalid" | "rate_limited" | "deadline_insufficient";
            /** Blockers */
            blockers: components["schemas"]["Blocker"][];
            cost: components["schemas"]["CostRange"];
            duration: components["schemas"]["DurationRange"];
            /** Steps */
            steps: components["schemas"]["StepForecast"][];
            /** Permission Gaps */
            permission_gaps: components["schemas"]["PermissionGap"][];
            /** Approvals */
            approvals: components["schemas"]["ApprovalForecast"][];
            budget_after: components["schemas"]["BudgetAfter"] | null;
            /**
             * Scopes
             * @default []
             */
            scopes?: components["schemas"]["ScopeAfter"][];
            /**
             * Rate Limits
             * @default []
             */
            rate_limits?: components["schemas"]["RateForecast"][];
            /**
             * Risks
             * @default []
             */
            risks?: components["schemas"]["Risk"][];
            /**
             * Alternatives
             * @default []
             */
            alternatives?: components["schemas"]["PlanAlternative"][];
        };
        /** SkillLine */
        SkillLine: {
            /** Name */
            name: string;
            /** Version */
            version: string;
            /** Description */
            description: string;
        };
        /** SkillList */
        SkillList: {
            /** Data */
            data: components["schemas"]["SkillMetadata"][];
        };
        /**
         * SkillMetadata
         * @description What `describe_skill` returns. `digest` is over all of it but itself and the measured part.
         */
        SkillMetadata: {
            /** Name */
            name: string;
            /** Version */
            version: string;
            /** Description */
            description: string;
            /** Input Schema */
            input_schema: {
                [key: string]: unknown;
            };
            /** Output Schema */
            output_schema: {
                [key: string]: unknown;
            };
            /** Config Schema */
            config_schema: {
                [key: string]: unknown;
            };
            /** Digest */
            digest: string;
            cost_model: components["schemas"]["CostModel"];
            /** Avg Latency Ms */
            avg_latency_ms: number;
            /** @default null */
            measured_latency?: components["schemas"]["MeasuredLatency"] | null;
            /** @default null */
            measured_cost?: components["schemas"]["MeasuredCost"] | null;
            /** @default null */
            measured_failures?: components["schemas"]["MeasuredFailures"] | null;
            /** @default null */
            calibration?: components["schemas"]["Calibration"] | null;
            /** Failure Modes */
            failure_modes: components["schemas"]["FailureMode"][];
            constraints: components["schemas"]["Constraints"];
            effect: components["schemas"]["Effect"];
            /** Reversible By */
            reversible_by: string | null;
            /**
             * Key Strategy
             * @enum {string}
             */
            key_strategy: "run_step_params" | "none";
            /** Probe */
            probe: string | null;
            /** Deterministic */
            deterministic: boolean;
            /** Required Scopes */
            required_scopes: string[];
            composition_hints: components["schemas"]["CompositionHints"];
            /**
             * Stability
             * @enum {string}
             */
            stability: "experimental" | "stable" | "deprecated";
        };
        /** StatsView */
        StatsView: {
            /** Data */
            data: components["schemas"]["CodeCount"][];
        };
        /**
         * StepDifference
         * @description A step of two runs side by side: in which of them it is, in what it differs, and whether its result is the same.
         */
        StepDifference: {
            /** Step Id */
            step_id: string;
            /**
             * Within
             * @enum {string}
             */
            within: "both" | "first" | "second";
            /** Same */
            same: boolean;
            /**
             * Content
             * @enum {string}
             */
            content: "same" | "differs" | "none";
            /** Aspects */
            aspects: components["schemas"]["Aspect"][];
        };
        /**
         * StepForecast
         * @description What one step is expected to cost and take. `source` says where the numbers come from: `static` is what the skill
         *     declares, `history(n)` what n steps of this skill version took and cost before.
         */
        StepForecast: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Version */
            version: string;
            /** Effect */
            effect: string;
            cost: components["schemas"]["CostRange"];
            duration: components["schemas"]["DurationRange"];
            /** Source */
            source: string;
        };
        /**
         * StepPolicy
         * @description What a step of the plan would say otherwise.
         */
        StepPolicy: {
            /**
             * On Error
             * @default null
             */
            on_error?: ("abort" | "continue" | "retry" | "fallback" | "escalate") | null;
            /** @default null */
            retry?: components["schemas"]["RetryPolicy"] | null;
            /**
             * Fallback Skill
             * @default null
             */
            fallback_skill?: string | null;
            /**
             * Fallback Params
             * @default null
             */
            fallback_params?: {
                [key: string]: unknown;
            } | null;
            /**
             * Condition
             * @default null
             */
            condition?: string | null;
            /**
             * Approval
             * @default null
             */
            approval?: ("never" | "always" | "policy") | null;
            /**
             * Timeout Ms
             * @default null
             */
            timeout_ms?: number | null;
        };
        /**
         * StructuredOutcome
         * @description What every skill call returns; it never raises. Exactly one of result and failure is meant, by `success`.
         */
        StructuredOutcome: {
            /** Success */
            success: boolean;
            /**
             * Result
             * @default null
             */
            result?: unknown;
            /** @default null */
            failure?: components["schemas"]["FailureInfo"] | null;
            execution: components["schemas"]["Execution"];
            /**
             * Side Effects
             * @default []
             */
            side_effects?: components["schemas"]["SideEffect"][];
            /**
             * @default {
             *       "suggested": [],
             *       "blocked": [],
             *       "budget_impact": {}
             *     }
             */
            next_actions?: components["schemas"]["NextActions"];
        };
        /**
         * SuggestBody
         * @description A code, or a failure by its id; about a failure the suggestion is kept as the candidate of its signature.
         */
        SuggestBody: {
            /**
             * Code
             * @default null
             */
            code?: string | null;
            /**
             * Match Id
             * @default null
             */
            match_id?: string | null;
            /**
             * @default {
             *       "skill": null
             *     }
             */
            context?: components["schemas"]["SuggestContext"];
        };
        /**
         * SuggestContext
         * @description Which failures of a code are meant.
         */
        SuggestContext: {
            /**
             * Skill
             * @default null
             */
            skill?: string | null;
        };
        /**
         * SuggestionView
         * @description What is suggested, how sure that is and from how many trials, what it rests on, and what else could be done.
         */
        SuggestionView: {
            /** Code */
            code: string;
            /** Skill */
            skill: string | null;
            /** Signature */
            signature: string | null;
            entry: components["schemas"]["EntryView"] | null;
            mode: components["schemas"]["RecoveryMode"];
            /** Parameters */
            parameters: {
                [key: string]: unknown;
            };
            /** Because */
            because: string;
            /** Confidence */
            confidence: number;
            /**
             * Confidence Label
             * @enum {string}
             */
            confidence_label: "prior" | "measured";
            /** N */
            n: number;
            /** Confidence Parts */
            confidence_parts: {
                [key: string]: unknown;
            };
            /** Evidence */
            evidence: {
                [key: string]: unknown;
            };
            /** Alternatives */
            alternatives: {
                [key: string]: unknown;
            }[];
            candidate: components["schemas"]["CandidateView"] | null;
        };
        /** Time */
        Time: {
            /** Max Run Duration Ms */
            max_run_duration_ms: number;
            /** Elapsed Ms */
            elapsed_ms: number;
            /** Remaining Ms */
            remaining_ms: number;
            /** Deadline At */
            deadline_at: string | null;
        };
        /** TimesView */
        TimesView: {
            /** N */
            n: number;
            /** P50 Ms */
            p50_ms: number | null;
            /** P95 Ms */
            p95_ms: number | null;
        };
        /**
         * ToldStep
         * @description A step, an item of a for_each (`fetch#3`), or what the run does before its steps (`$plan`, `$admit`).
         */
        ToldStep: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Version */
            version: string | null;
            effect: components["schemas"]["Effect"] | null;
            /**
             * Status
             * @enum {string}
             */
            status: "pending" | "running" | "waiting" | "succeeded" | "failed" | "skipped" | "cancelled" | "in_doubt";
            /** Depends On */
            depends_on: string[];
            /** Reason */
            reason: string | null;
            /** Attempts */
            attempts: components["schemas"]["TracedAttempt"][];
            /** Waits */
            waits: components["schemas"]["TracedWait"][];
            /** Cost Micro Usd */
            cost_micro_usd: number;
            /** Started At Ms */
            started_at_ms: number | null;
            /** Finished At Ms */
            finished_at_ms: number | null;
            failure: components["schemas"]["TracedFailure"] | null;
            /** Result */
            result: unknown;
            /** Degraded */
            degraded: string | null;
            /** Action Hash */
            action_hash: string | null;
            /** Idempotency Key */
            idempotency_key: string | null;
        };
        /** TopUpBody */
        TopUpBody: {
            /**
             * Amount Micro Usd
             * @default null
             */
            amount_micro_usd?: number | null;
            /**
             * Amount Cents
             * @default null
             */
            amount_cents?: number | string | null;
        };
        /** ToppedUpBudget */
        ToppedUpBudget: {
            /** Total Micro Usd */
            total_micro_usd: number | null;
            /** Spent Micro Usd */
            spent_micro_usd: number;
            /** Reserved Micro Usd */
            reserved_micro_usd: number;
            /** Budget Id */
            budget_id: string;
            /** Scope */
            scope: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "tenant" | "agent" | "model";
            /** Key */
            key: string;
            /**
             * Period
             * @enum {string}
             */
            period: "total" | "day";
            /** Agent */
            agent: string | null;
            /** Limit Micro Usd */
            limit_micro_usd: number | null;
            /** Runs Waiting */
            runs_waiting: number;
            /** Amount Micro Usd */
            amount_micro_usd: number;
            /** Repeated */
            repeated: boolean;
            /** Remaining Micro Usd */
            readonly remaining_micro_usd: number | null;
            /** Cents */
            readonly cents: {
                [key: string]: number | null;
            };
        };
        /**
         * ToppedUpRun
         * @description What a run's limit was raised by, and to what.
         */
        ToppedUpRun: {
            /** Run Id */
            run_id: string;
            /** Requested */
            requested: string;
            /** Amount Micro Usd */
            amount_micro_usd: number;
            /** Limit Micro Usd */
            limit_micro_usd: number | null;
        } & {
            [key: string]: unknown;
        };
        /** Totals */
        Totals: {
            /** Failures */
            failures: number;
            /** Hits */
            hits: number;
            /** Misses */
            misses: number;
            /** Match Rate */
            match_rate: number | null;
            /**
             * Followed
             * @description Of the hits, those something was tried against.
             */
            followed: number;
            /** Acceptance Rate */
            acceptance_rate: number | null;
            /** Tried */
            tried: number;
            /** Worked */
            worked: number;
            /** Success Rate */
            success_rate: number | null;
            /**
             * Rerun
             * @description Come through in another run, where the run itself did not.
             */
            rerun: number;
            /**
             * Wasted Micro Usd
             * @description Null to a role that is told no costs.
             */
            wasted_micro_usd: number | null;
            /** Before */
            before: number;
            /** Trend */
            trend: number | null;
            /**
             * Injected
             * @description Injected on purpose in this time, and counted nowhere else.
             */
            injected: number;
            time_to_recovery: components["schemas"]["TimesView"];
        };
        /**
         * Trace
         * @description All that is known of a run. `caller_trace` is the W3C traceparent of whoever asked for it; `removed` says what
         *     retention took, in words.
         */
        Trace: {
            run: components["schemas"]["TracedRun"];
            plan: components["schemas"]["Plan"] | null;
            /** Steps */
            steps: components["schemas"]["TracedStep"][];
            /** Decisions */
            decisions: components["schemas"]["DecisionRecord"][];
            /** Events */
            events: components["schemas"]["TracedEvent"][];
            /** Side Effects */
            side_effects: components["schemas"]["TracedEffect"][];
            /** Faults */
            faults: components["schemas"]["Fault"][];
            /** Caller Trace */
            caller_trace: string | null;
            /** Removed */
            removed: string | null;
            undoes: components["schemas"]["Undoes"] | null;
        };
        /**
         * TraceAnswer
         * @description A run's trace, in the form that was asked for.
         */
        TraceAnswer: components["schemas"]["Trace"] | components["schemas"]["OtlpTrace"];
        /**
         * TracedAttempt
         * @description One call of a step. `retry_due_ms` and `rule` are the answer to its failure; `model` is what its cost is charged to.
         */
        TracedAttempt: {
            /** Attempt */
            attempt: number;
            /** Skill */
            skill: string;
            /** Started At Ms */
            started_at_ms: number;
            /** Finished At Ms */
            finished_at_ms: number | null;
            /** Status */
            status: string;
            /** Code */
            code: string | null;
            /** Message */
            message: string | null;
            /** Cost Micro Usd */
            cost_micro_usd: number;
            /** Latency Ms */
            latency_ms: number | null;
            /** Retry Due Ms */
            retry_due_ms: number | null;
            /** Rule */
            rule: string | null;
            /** Model */
            model: string | null;
        };
        /**
         * TracedEffect
         * @description What a step did, or may have done, outside; and which run took it back.
         */
        TracedEffect: {
            /** Type */
            type: string;
            /** Target */
            target: string;
            effect: components["schemas"]["Effect"];
            /**
             * Phase
             * @enum {string}
             */
            phase: "not_sent" | "maybe_sent" | "acked";
            /**
             * Idempotency Key
             * @default null
             */
            idempotency_key?: string | null;
            /**
             * Reversible
             * @default false
             */
            reversible?: boolean;
            /**
             * Reversed By
             * @default null
             */
            reversed_by?: string | null;
            /** Step Id */
            step_id: string;
            /** Reversed Status */
            reversed_status: string | null;
        };
        /**
         * TracedEvent
         * @description A fact of the journal as it was recorded, and the kinds of the decisions it led to.
         */
        TracedEvent: {
            /** Seq */
            seq: number;
            /** Kind */
            kind: string;
            /** At Ms */
            at_ms: number;
            /** Step Id */
            step_id: string | null;
            /** Attempt */
            attempt: number | null;
            /** Data */
            data: {
                [key: string]: unknown;
            };
            /** Decisions */
            decisions: string[];
        };
        /**
         * TracedFailure
         * @description Why a step failed, with what the catalog advised. `fallback` is the version it would go on with.
         */
        TracedFailure: {
            /** Code */
            code: string;
            /** Message */
            message: string | null;
            /** Phase */
            phase: string | null;
            /** Retry After Ms */
            retry_after_ms: number | null;
            /** Details */
            details: {
                [key: string]: unknown;
            };
            /** Suggestions */
            suggestions: string[];
            /** Advice */
            advice: {
                [key: string]: unknown;
            } | null;
            /** Fallback */
            fallback: {
                [key: string]: unknown;
            } | null;
            /** Circuit Until Ms */
            circuit_until_ms: number | null;
        };
        /**
         * TracedRun
         * @description The run's row, with what it gives: the results of steps with an `output_key`, else of those nobody waits for.
         */
        TracedRun: {
            /** Run Id */
            run_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "waiting" | "succeeded" | "partial" | "failed" | "cancelled" | "dead_lettered";
            /** Waiting For */
            waiting_for: string | null;
            /** Goal */
            goal: string;
            /** Agent */
            agent: string;
            /** Planner */
            planner: string;
            /** Summary */
            summary: string;
            /** Failure Code */
            failure_code: string | null;
            cost: components["schemas"]["RunCost"];
            /** Steps Total */
            steps_total: number;
            /** Steps Done */
            steps_done: number;
            /** Retries */
            retries: number;
            /** Faults */
            faults: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Started At */
            started_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /** Behaviour Hash */
            behaviour_hash: string;
            /** Content Hash */
            content_hash: string;
            /** Journal Head */
            journal_head: string;
            /** Parent Run Id */
            parent_run_id: string | null;
            /** Relation */
            relation: string | null;
            /** Blocked By */
            blocked_by: string | null;
            /** Trace Id */
            trace_id: string | null;
            /**
             * Kept
             * @enum {string}
             */
            kept: "everything" | "events" | "parts" | "effects" | "row";
            /** Removed At */
            removed_at: string | null;
            /** Result */
            result: unknown;
        };
        /**
         * TracedStep
         * @description A step with the run that took its effect back.
         */
        TracedStep: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Version */
            version: string | null;
            effect: components["schemas"]["Effect"] | null;
            /**
             * Status
             * @enum {string}
             */
            status: "pending" | "running" | "waiting" | "succeeded" | "failed" | "skipped" | "cancelled" | "in_doubt";
            /** Depends On */
            depends_on: string[];
            /** Reason */
            reason: string | null;
            /** Attempts */
            attempts: components["schemas"]["TracedAttempt"][];
            /** Waits */
            waits: components["schemas"]["TracedWait"][];
            /** Cost Micro Usd */
            cost_micro_usd: number;
            /** Started At Ms */
            started_at_ms: number | null;
            /** Finished At Ms */
            finished_at_ms: number | null;
            failure: components["schemas"]["TracedFailure"] | null;
            /** Result */
            result: unknown;
            /** Degraded */
            degraded: string | null;
            /** Action Hash */
            action_hash: string | null;
            /** Idempotency Key */
            idempotency_key: string | null;
            reversed_by: components["schemas"]["Reversal"] | null;
        };
        /**
         * TracedWait
         * @description A stretch of time in which a step waited: for a retry, an approval, money, …
         */
        TracedWait: {
            /** For */
            for: string;
            /** From Ms */
            from_ms: number;
            /** Until Ms */
            until_ms: number | null;
        };
        /** UndoBody */
        UndoBody: {
            /**
             * Reason
             * @default
             */
            reason?: string;
        };
        /**
         * Undoes
         * @description The effect this run takes back.
         */
        Undoes: {
            /** Run Id */
            run_id: string;
            /** Step Id */
            step_id: string;
            /** By */
            by: string;
            /** Reason */
            reason: string;
        };
        /** UnmuteBody */
        UnmuteBody: {
            /** Reason */
            reason: string;
        };
        /**
         * UnreadableRun
         * @description A run of this page whose journal is damaged: nobody can say what these steps of it ask, or whether they do. `code` and `detail` say
         *     why; all others are listed as ever.
         */
        UnreadableRun: {
            /** Run Id */
            run_id: string;
            /** Step Ids */
            step_ids: string[];
            /** Agent */
            agent: string;
            /** Requested By */
            requested_by: string;
            /** Code */
            code: string;
            /** Detail */
            detail: string;
            /**
             * Run Created At
             * Format: date-time
             */
            run_created_at: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * Usage
         * @description Tokens of one LLM call, in the four buckets prices are made of.
         */
        Usage: {
            /**
             * Input
             * @default 0
             */
            input?: number;
            /**
             * Output
             * @default 0
             */
            output?: number;
            /**
             * Cache Read
             * @default 0
             */
            cache_read?: number;
            /**
             * Cache Write
             * @default 0
             */
            cache_write?: number;
        };
        /** UsageAnswer */
        UsageAnswer: {
            /**
             * From
             * Format: date
             */
            from: string;
            /**
             * To
             * Format: date
             */
            to: string;
            /** Time Zone */
            time_zone: string | null;
            /** Group By */
            group_by: string[];
            /** Data */
            data: components["schemas"]["UsageRow"][];
            totals: components["schemas"]["UsageSums"];
            /**
             * Left Off
             * @description How many groups there are beyond the limit; the totals hold them.
             */
            left_off: number;
        };
        /**
         * UsageRow
         * @description A group; of the names those stand here that were grouped by. Null: the call had none, or who had it is gone.
         */
        UsageRow: {
            /** Calls */
            calls: number;
            /** Cost Micro Usd */
            cost_micro_usd: number;
            /** Cost Cents */
            cost_cents: number;
            tokens: components["schemas"]["Usage"];
            retry_waste: components["schemas"]["Part"];
            loop_waste: components["schemas"]["Part"];
            unpriced: components["schemas"]["Part"];
            estimated: components["schemas"]["Part"];
            /**
             * Tenant
             * @default null
             */
            tenant?: string | null;
            /**
             * Agent
             * @default null
             */
            agent?: string | null;
            /**
             * Agent Id
             * @default null
             */
            agent_id?: string | null;
            /**
             * Run Id
             * @default null
             */
            run_id?: string | null;
            /**
             * Skill
             * @default null
             */
            skill?: string | null;
            /**
             * Model
             * @default null
             */
            model?: string | null;
            /**
             * Day
             * @default null
             */
            day?: string | null;
        };
        /**
         * UsageSums
         * @description What calls add up to. The parts are contained in `cost_micro_usd`: what was tried in vain, what repeated an earlier call,
         *     what nobody knew the price of, and what was lost with its worker; of the last two the worst case is what counts.
         */
        UsageSums: {
            /** Calls */
            calls: number;
            /** Cost Micro Usd */
            cost_micro_usd: number;
            /** Cost Cents */
            cost_cents: number;
            tokens: components["schemas"]["Usage"];
            retry_waste: components["schemas"]["Part"];
            loop_waste: components["schemas"]["Part"];
            unpriced: components["schemas"]["Part"];
            estimated: components["schemas"]["Part"];
        };
        /**
         * VerdictBody
         * @description What became of an effect. `result` is what the step gives where it happened; the reason is kept in the journal.
         */
        VerdictBody: {
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "happened" | "did_not_happen" | "probe_again";
            /** Reason */
            reason: string;
            /**
             * Result
             * @default null
             */
            result?: unknown;
        };
        /**
         * VerdictTold
         * @description What somebody said became of an effect.
         */
        VerdictTold: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "happened" | "did_not_happen" | "probe_again";
            /** By */
            by: string;
            /** Reason */
            reason: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * VersionChange
         * @description A skill of a run that is done again: the version it was made with, the one it would be done with, and what differs.
         */
        VersionChange: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Then */
            then: string;
            /** Now */
            now: string | null;
            /** Is Registered */
            is_registered: boolean;
            /** Changes */
            changes: string[];
        };
        /** VersionCounts */
        VersionCounts: {
            /** Failures */
            failures: number;
            /** Hits */
            hits: number;
            /** Misses */
            misses: number;
            /** Match Rate */
            match_rate: number | null;
            /**
             * Followed
             * @description Of the hits, those something was tried against.
             */
            followed: number;
            /** Acceptance Rate */
            acceptance_rate: number | null;
            /** Tried */
            tried: number;
            /** Worked */
            worked: number;
            /** Success Rate */
            success_rate: number | null;
            /**
             * Rerun
             * @description Come through in another run, where the run itself did not.
             */
            rerun: number;
            /**
             * Wasted Micro Usd
             * @description Null to a role that is told no costs.
             */
            wasted_micro_usd: number | null;
            /** Skill */
            skill: string;
            /** Skill Version */
            skill_version: string | null;
        };
        /**
         * VersionGap
         * @description A skill version a run was made with that is not here as it was: not registered any more, or another under its name.
         */
        VersionGap: {
            /** Step Id */
            step_id: string;
            /** Skill */
            skill: string;
            /** Version */
            version: string;
            /**
             * Why
             * @enum {string}
             */
            why: "not_registered" | "changed";
            /** Detail */
            detail: string;
        };
        /**
         * VersionView
         * @description An entry as it stood after one change, and what the change was.
         */
        VersionView: {
            /** Version */
            version: number;
            /** Action */
            action: string;
            /** By */
            by: string;
            /** Reason */
            reason: string;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Document */
            document: {
                [key: string]: unknown;
            };
            /** Changes */
            changes: components["schemas"]["FieldChange"][];
        };
        /** VersionsView */
        VersionsView: {
            /** Data */
            data: components["schemas"]["VersionView"][];
            /** Next Cursor */
            next_cursor: null;
        };
        /** WebhookBody */
        WebhookBody: {
            /**
             * Url
             * @description An http or https address outside; in production https.
             */
            url: string;
            /**
             * Event Types
             * @description Which events; empty means all.
             * @default []
             */
            event_types?: string[];
            /**
             * Description
             * @default
             */
            description?: string;
            /**
             * May Answer
             * @description Whether messages signed with its secret may approve calls and answer questions.
             * @default false
             */
            may_answer?: boolean;
        };
        /** WebhookPage */
        WebhookPage: {
            /** Data */
            data: components["schemas"]["WebhookView"][];
            /** Next Cursor */
            next_cursor: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * WebhookView
         * @description An endpoint. Until `rotated_until` the secret before this one signs as well.
         */
        WebhookView: {
            /** Webhook Id */
            webhook_id: string;
            /** Url */
            url: string;
            /** Description */
            description: string;
            /** Event Types */
            event_types: string[];
            /** May Answer */
            may_answer: boolean;
            /** Is Enabled */
            is_enabled: boolean;
            /** Disabled Because */
            disabled_because: string;
            /** Rotated Until */
            rotated_until: string | null;
            /** Created By */
            created_by: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * WebhookWithSecret
         * @description An endpoint with its secret, which no other answer shows. Null where a repeated request is answered.
         */
        WebhookWithSecret: {
            /** Webhook Id */
            webhook_id: string;
            /** Url */
            url: string;
            /** Description */
            description: string;
            /** Event Types */
            event_types: string[];
            /** May Answer */
            may_answer: boolean;
            /** Is Enabled */
            is_enabled: boolean;
            /** Disabled Because */
            disabled_because: string;
            /** Rotated Until */
            rotated_until: string | null;
            /** Created By */
            created_by: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Secret */
            secret: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * WhatIfOutcome
         * @description How the run came out and how it would have, and on what assumptions. `unknown` says where nobody can know more.
         */
        WhatIfOutcome: {
            /** Changes */
            changes: {
                [key: string]: unknown;
            };
            before: components["schemas"]["Ending"];
            after: components["schemas"]["Ending"];
            /** Decisions */
            decisions: {
                [key: string]: unknown;
            }[];
            /** Assumed */
            assumed: components["schemas"]["Assumed"][];
            /** Unknown */
            unknown: string | null;
        };
        /**
         * WhoMay
         * @description Who is allowed to do something: people by their role, programs by a scope of their key, and whom it is not open to.
         */
        WhoMay: {
            /** Roles */
            roles: string[];
            /** Api Scopes */
            api_scopes: string[];
            /**
             * Not By
             * @default null
             */
            not_by?: string | null;
        };
        /**
         * WhoamiView
         * @description Who asks. `limits` are what the tenant may have at once, and how often this key may ask; null is unlimited.
         */
        WhoamiView: {
            /** Tenant */
            tenant: string;
            /** Tenant Name */
            tenant_name: string;
            /** Name */
            name: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "api_key" | "service_account" | "person";
            /** Key Id */
            key_id: string | null;
            /** Scopes */
            scopes: string[];
            /** Limits */
            limits: {
                [key: string]: number | null;
            };
        };
        /**
         * WholeBulk
         * @description An operation with why runs were refused: how many for which code, and the first of them.
         */
        WholeBulk: {
            /** Bulk Id */
            bulk_id: string;
            /**
             * Action
             * @enum {string}
             */
            action: "cancel" | "pause" | "resume" | "rerun";
            /** Filter */
            filter: {
                [key: string]: unknown;
            };
            /** Options */
            options: {
                [key: string]: unknown;
            };
            /** Reason */
            reason: string;
            /**
             * State
             * @enum {string}
             */
            state: "running" | "finished" | "aborted";
            /** Total */
            total: number;
            /** Succeeded */
            succeeded: number;
            /** Refused */
            refused: number;
            /** Left */
            left: number;
            /** Abort Asked By */
            abort_asked_by: string | null;
            /** Remark */
            remark: string;
            /** Created By */
            created_by: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Finished At */
            finished_at: string | null;
            /** Refused By Code */
            refused_by_code: {
                [key: string]: number;
            };
            /** Faults */
            faults: components["schemas"]["BulkFault"][];
        } & {
            [key: string]: unknown;
        };
        /**
         * WholeDelivery
         * @description A delivery with what was sent, byte for byte, and its last attempts.
         */
        WholeDelivery: {
            /** Delivery Id */
            delivery_id: string;
            /** Webhook Id */
            webhook_id: string;
            /** Event Type */
            event_type: string;
            /**
             * State
             * @enum {string}
             */
            state: "pending" | "delivered" | "failed";
            /** Attempts Total */
            attempts_total: number;
            last_attempt: components["schemas"]["Attempt"] | null;
            /** Next Attempt At */
            next_attempt_at: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Delivered At */
            delivered_at: string | null;
            /** Body */
            body: string;
            /** Attempts */
            attempts: components["schemas"]["Attempt"][];
        } & {
            [key: string]: unknown;
        };
        /**
         * WhyGrouped
         * @description What failures must share to be of one group.
         */
        WhyGrouped: {
            /** Skill */
            skill: string;
            /** Code */
            code: string;
            /** Host */
            host: string | null;
            /** Cause */
            cause: string | null;
        };
        /**
         * Problem
         * @description Every error of every route (RFC 9457). `type` is the address of the code's page.
         */
        Problem: {
            /** Type */
            type: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail: string;
            /** Instance */
            instance: string;
            /** Code */
            code: string;
            category: components["schemas"]["Category"];
            /** Retryable */
            retryable: boolean;
            /**
             * Retry Safety
             * @enum {string}
             */
            retry_safety: "safe" | "unsafe" | "unknown";
            /** Retry After Ms */
            retry_after_ms: number | null;
            /** Suggestions */
            suggestions: string[];
            /** Run Id */
            run_id: string | null;
            /** Trace Id */
            trace_id: string | null;
            /** Errors */
            errors: components["schemas"]["FaultDetail"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    agents_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
                status?: ("active" | "paused" | "disabled") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    agents_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "trader",
                 *       "description": "Watches prices.",
                 *       "profile": {
                 *         "allowed_skills": [
                 *           "http_call",
                 *           "json_transform"
                 *         ]
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["AgentBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    agents_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example agt_01a22488cd387822aa9c0fa3bccedec2 */
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    agents_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example agt_01a22488cd387822aa9c0fa3bccedec2 */
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    agents_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example agt_01a22488cd387822aa9c0fa3bccedec2 */
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "description": "Watches prices and tells them.",
                 *       "reason": "It says more by now."
                 *     }
                 */
                "application/json": components["schemas"]["PatchedAgentChanges"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    agent_versions_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path: {
                /** @example agt_01a22488cd387822aa9c0fa3bccedec2 */
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentVersionPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    agent_versions_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example agt_01a22488cd387822aa9c0fa3bccedec2 */
                agent_id: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentVersionView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    api_keys_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    api_keys_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "ci",
                 *       "scopes": [
                 *         "runs:read",
                 *         "runs:write"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["KeyBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKeyView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    api_keys_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example key_01a22488cd387822aa9c0fa3bccedec2 */
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    api_keys_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example key_01a22488cd387822aa9c0fa3bccedec2 */
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_approve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action_hash": "0000000000000000000000000000000000000000000000000000000000000000",
                 *       "reason": "Checked against the order."
                 *     }
                 */
                "application/json": components["schemas"]["ApproveBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decided"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_edit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action_hash": "0000000000000000000000000000000000000000000000000000000000000000",
                 *       "params": {
                 *         "data": {
                 *           "total": 40
                 *         },
                 *         "expression": "total"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["EditBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EditedCall"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_links: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeLinks"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_link: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "for": "bob",
                 *       "ttl_s": 3600
                 *     }
                 */
                "application/json": components["schemas"]["LinkBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LinkView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_revoke_link: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example lnk_01a22488cd387822aa9c0fa3bccedec2 */
                link_id: string;
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "It was sent to the wrong bob."
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeLink"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_notes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteList"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_note: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kind": "ask",
                 *       "text": "Which order is this for?"
                 *     }
                 */
                "application/json": components["schemas"]["NoteBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_reject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action_hash": "0000000000000000000000000000000000000000000000000000000000000000",
                 *       "reason": "The account is not theirs."
                 *     }
                 */
                "application/json": components["schemas"]["ApprovalBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decided"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_decide: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "decisions": [
                 *         {
                 *           "run_id": "run_01a22488cd387822aa9c0fa3bccedec2",
                 *           "step_id": "price",
                 *           "action_hash": "0000000000000000000000000000000000000000000000000000000000000000"
                 *         }
                 *       ],
                 *       "verdict": "approve",
                 *       "reason": "All of them are on the list of today."
                 *     }
                 */
                "application/json": components["schemas"]["ManyDecisionsBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecisionResults"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    grants_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
                state?: "in_force" | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    grants_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "skill": "http_call",
                 *       "host": "api.example.com",
                 *       "max_uses": 20,
                 *       "max_total_micro_usd": 500000,
                 *       "reason": "Refunds of the sale, agreed with finance."
                 *     }
                 */
                "application/json": components["schemas"]["GrantBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    grants_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                grant_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    grants_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                grant_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "The sale is over."
                 *     }
                 */
                "application/json": components["schemas"]["RevokeGrantBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    grant_uses_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path: {
                grant_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantUsePage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit_list: {
        parameters: {
            query?: {
                /** @description An action, or how several begin. */
                action?: string;
                actor?: string;
                before?: number | null;
                limit?: number;
                target?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit_verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Chain"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    budgets_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetList"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    budgets_set: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kind": "tenant",
                 *       "period": "day",
                 *       "limit_cents": "500"
                 *     }
                 */
                "application/json": components["schemas"]["BudgetBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    budgets_remove: {
        parameters: {
            query: {
                key?: string | null;
                kind: "tenant" | "agent" | "model";
                period: "total" | "day";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RemovedBudget"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    budgets_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                budget_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    budgets_top_up: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path: {
                budget_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "amount_cents": "50"
                 *     }
                 */
                "application/json": components["schemas"]["TopUpBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToppedUpBudget"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bulk_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
                state?: ("running" | "finished" | "aborted") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bulk_begin: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action": "cancel",
                 *       "filter": {
                 *         "status": "waiting"
                 *       },
                 *       "reason": "The order was withdrawn.",
                 *       "expected": 3
                 *     }
                 */
                "application/json": components["schemas"]["BulkBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bulk_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example blk_01a22488cd387822aa9c0fa3bccedec2 */
                bulk_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WholeBulk"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bulk_abort: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example blk_01a22488cd387822aa9c0fa3bccedec2 */
                bulk_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bulk_preview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action": "rerun",
                 *       "filter": {
                 *         "status": "failed",
                 *         "failure_code": "TIMEOUT"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["BulkPreviewBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkPreview"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog_list: {
        parameters: {
            query?: {
                code?: string | null;
                skill?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "TIMEOUT",
                 *       "skill": "http_call",
                 *       "mode": "RETRY_EXPONENTIAL",
                 *       "suggestions": [
                 *         "Ask for a smaller page."
                 *       ],
                 *       "reason": "Pages of more than 100 rows take too long."
                 *     }
                 */
                "application/json": components["schemas"]["EntryBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog_delete: {
        parameters: {
            query: {
                /** @description Why, for who reads it. */
                reason: string;
                /** @description The version you have read; refused where it is another by now. */
                version?: number | null;
            };
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "version": 1,
                 *       "suggestions": [
                 *         "Ask for 50 rows."
                 *       ],
                 *       "reason": "100 were still too many."
                 *     }
                 */
                "application/json": components["schemas"]["PatchedEntryChanges"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog_restore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "to_version": 1,
                 *       "reason": "The change helped nobody."
                 *     }
                 */
                "application/json": components["schemas"]["RestoreBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog_versions: {
        parameters: {
            query?: {
                /** @description Compare each version with this one instead of the one before it. */
                against?: number | null;
            };
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionsView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog_export: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog_import: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "entries": [
                 *         {
                 *           "code": "TIMEOUT",
                 *           "skill": "http_call",
                 *           "mode": "RETRY_EXPONENTIAL",
                 *           "suggestions": [
                 *             "Ask for a smaller page."
                 *           ]
                 *         }
                 *       ],
                 *       "dry_run": true,
                 *       "reason": "What the other installation learned."
                 *     }
                 */
                "application/json": components["schemas"]["ImportBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    chaos: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "plan": {
                 *         "goal": "Take the price out of an answer",
                 *         "steps": [
                 *           {
                 *             "step_id": "price",
                 *             "skill": "json_transform",
                 *             "params": {
                 *               "input": {
                 *                 "data": {
                 *                   "amount": "67000.12"
                 *                 }
                 *               },
                 *               "path": "$.data.amount"
                 *             }
                 *           }
                 *         ]
                 *       },
                 *       "faults": [
                 *         "timeout"
                 *       ],
                 *       "pairs": false
                 *     }
                 */
                "application/json": components["schemas"]["ChaosBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChaosReport"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    circuits_list: {
        parameters: {
            query?: {
                host?: string | null;
                limit?: number;
                skill?: string | null;
                state?: ("closed" | "open" | "half_open") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CircuitList"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    circuits_reset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "skill": "http_call",
                 *       "host": "api.example.com:443",
                 *       "reason": "They say it is mended."
                 *     }
                 */
                "application/json": components["schemas"]["ResetBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CircuitView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dead_letters_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dead_letters_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetter"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dead_letters_requeue: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
                /** @description wait=N: answer when the run ends or parks, after N ≤ 60 s at most. */
                Prefer?: string;
            };
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "The worker's memory was doubled."
                 *     }
                 */
                "application/json": components["schemas"]["RequeueBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drift_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
                state?: ("open" | "acknowledged" | "resolved") | null;
                subject_kind?: ("skill" | "agent") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DriftPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drift_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                drift_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DriftView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drift_acknowledge: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                drift_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "Seen; the host was moved."
                 *     }
                 */
                "application/json": components["schemas"]["DriftReasonBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DriftView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drift_resolve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                drift_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "It is as fast as before."
                 *     }
                 */
                "application/json": components["schemas"]["DriftReasonBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DriftView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events_list: {
        parameters: {
            query?: {
                /** @description The cursor of the last event already seen; `latest` leaves out what there is; empty: all. */
                after?: string;
                limit?: number;
                /** @description Only these events, with commas between. */
                types?: string;
                /** @description Seconds to wait for a first new event. */
                wait?: number;
            };
            header?: {
                /** @description Of a stream: where to go on, in the place of `after`. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeedPage"];
                    "text/event-stream": string;
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    failures_list: {
        parameters: {
            query?: {
                code?: string | null;
                cursor?: string | null;
                limit?: number;
                run_id?: string | null;
                signature?: string | null;
                skill?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatchPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    failures_analytics: {
        parameters: {
            query?: {
                agent?: string | null;
                code?: string | null;
                host?: string | null;
                since?: string;
                skill?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalyticsView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    failure_groups_list: {
        parameters: {
            query?: {
                agent?: string | null;
                code?: string | null;
                host?: string | null;
                limit?: number;
                since?: string;
                skill?: string | null;
                sort?: "failures" | "wasted" | "last_seen" | "first_seen";
                state?: ("new" | "ongoing" | "regressed" | "fixed" | "muted") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    failure_groups_get: {
        parameters: {
            query?: {
                agent?: string | null;
                code?: string | null;
                host?: string | null;
                since?: string;
                skill?: string | null;
            };
            header?: never;
            path: {
                signature: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneGroupView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    failure_groups_fixed: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                signature: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "The key was renewed."
                 *     }
                 */
                "application/json": components["schemas"]["FixedBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarkedView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    failure_groups_mute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                signature: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "Known until they move.",
                 *       "until": "2099-01-01T00:00:00Z"
                 *     }
                 */
                "application/json": components["schemas"]["MuteBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarkedView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    failure_groups_unmute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                signature: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "They moved."
                 *     }
                 */
                "application/json": components["schemas"]["UnmuteBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarkedView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    failures_stats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatsView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    freezes_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
                /** @description Only what is frozen now, or only what was. */
                live?: boolean | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FreezePage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    freezes_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kind": "skill",
                 *       "key": "llm_invoke",
                 *       "reason": "The provider bills twice."
                 *     }
                 */
                "application/json": components["schemas"]["FreezeBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FreezeView"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FreezeView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    freezes_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example frz_01a22488cd387822aa9c0fa3bccedec2 */
                freeze_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FreezeView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    freezes_lift: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example frz_01a22488cd387822aa9c0fa3bccedec2 */
                freeze_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "The provider mended it."
                 *     }
                 */
                "application/json": components["schemas"]["LiftBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FreezeView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    goals_submit: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
                /** @description wait=N: answer when the run ends or parks, after N ≤ 60 s at most. */
                Prefer?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "agent": "assistant",
                 *       "goal": "Fetch https://example.com, extract headings, summarize them",
                 *       "budget_cents": "10"
                 *     }
                 */
                "application/json": components["schemas"]["GoalBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedRun"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    in_doubt_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoubtPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    in_doubt_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoubtEvidence"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    in_doubt_verdict: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "verdict": "happened",
                 *       "reason": "It is in their list of payments."
                 *     }
                 */
                "application/json": components["schemas"]["VerdictBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GivenVerdict"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plans_validate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "plan": {
                 *         "goal": "Take the price out of an answer",
                 *         "steps": [
                 *           {
                 *             "step_id": "price",
                 *             "skill": "json_transform",
                 *             "params": {
                 *               "input": {
                 *                 "data": {
                 *                   "amount": "67000.12"
                 *                 }
                 *               },
                 *               "path": "$.data.amount"
                 *             }
                 *           }
                 *         ]
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["PlanBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanVerdict"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prices_list: {
        parameters: {
            query?: {
                model?: string | null;
                on?: string | null;
                provider?: ("anthropic" | "openai_compatible" | "skill") | null;
                state?: ("in_force" | "coming" | "past" | "withdrawn") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceList"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prices_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                price_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    questions_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    questions_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    questions_answer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "value": {
                 *         "colour": "red"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["GivenAnswerBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decided"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recovery_candidates_list: {
        parameters: {
            query?: {
                code?: string | null;
                cursor?: string | null;
                limit?: number;
                policy?: ("none" | "shadow" | "active") | null;
                state?: ("open" | "approved" | "rejected" | "withdrawn") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CandidatePage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recovery_candidates_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                candidate_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CandidateDetail"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recovery_candidates_activate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                candidate_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "It recovered nineteen of the last twenty."
                 *     }
                 */
                "application/json": components["schemas"]["CandidateDecisionBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CandidateDetail"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recovery_candidates_approve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                candidate_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "It recovered nineteen of the last twenty."
                 *     }
                 */
                "application/json": components["schemas"]["CandidateDecisionBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CandidateDetail"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recovery_candidates_reject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                candidate_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "It hides the cause."
                 *     }
                 */
                "application/json": components["schemas"]["CandidateDecisionBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CandidateDetail"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recovery_candidates_reopen: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                candidate_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "There are new failures."
                 *     }
                 */
                "application/json": components["schemas"]["CandidateDecisionBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CandidateDetail"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recovery_candidates_withdraw: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                candidate_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "It helps no more."
                 *     }
                 */
                "application/json": components["schemas"]["CandidateDecisionBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CandidateDetail"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recovery_candidates_export: {
        parameters: {
            query?: {
                state?: ("open" | "approved" | "rejected" | "withdrawn") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CandidateDocuments"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recovery_candidates_import: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "data": [
                 *         {
                 *           "signature": "86f37f35debc92f8d6f97c5614c6c9f8399568763520262cc2074c4dd9cc4eb1",
                 *           "code": "TIMEOUT",
                 *           "skill": "http_call",
                 *           "host": "api.example.com",
                 *           "cause": "no answer",
                 *           "mode": "RETRY_WITH_JITTER"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CandidateImportBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportedView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recovery_suggest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "code": "TIMEOUT",
                 *       "context": {
                 *         "skill": "http_call"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["SuggestBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SuggestionView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_list: {
        parameters: {
            query?: {
                agent?: string | null;
                cursor?: string | null;
                limit?: number;
                status?: ("queued" | "running" | "waiting" | "succeeded" | "partial" | "failed" | "cancelled" | "dead_lettered") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_submit: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
                /** @description wait=N: answer when the run ends or parks, after N ≤ 60 s at most. */
                Prefer?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "agent": "assistant",
                 *       "plan": {
                 *         "goal": "Take the price out of an answer",
                 *         "steps": [
                 *           {
                 *             "step_id": "price",
                 *             "skill": "json_transform",
                 *             "params": {
                 *               "input": {
                 *                 "data": {
                 *                   "amount": "67000.12"
                 *                 }
                 *               },
                 *               "path": "$.data.amount"
                 *             }
                 *           }
                 *         ]
                 *       },
                 *       "budget_cents": "10"
                 *     }
                 */
                "application/json": components["schemas"]["RunBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedRun"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_bom: {
        parameters: {
            query?: {
                against?: string | null;
            };
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BomReport"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "Not needed any more."
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CancelledRun"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_contract: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceContract"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_decide: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "step_id": "price",
                 *       "verdict": "approve",
                 *       "action_hash": "0000000000000000000000000000000000000000000000000000000000000000",
                 *       "reason": "Checked against the order."
                 *     }
                 */
                "application/json": components["schemas"]["DecisionBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decided"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_decisions: {
        parameters: {
            query?: {
                /** @description The last event whose decisions were seen. */
                after?: number;
                kind?: string | null;
                limit?: number;
                step?: string | null;
            };
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecisionPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_diff: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                other_id: string;
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDifference"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_events: {
        parameters: {
            query?: {
                /** @description The last sequence number already seen. */
                after?: number;
                limit?: number;
                /** @description Seconds to wait for a first new event. */
                wait?: number;
            };
            header?: {
                /** @description Of a stream: where to go on, in the place of `after`. */
                "Last-Event-ID"?: string;
            };
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                    "text/event-stream": string;
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_evidence: {
        parameters: {
            query?: {
                /** @description Sign it with the server's key. */
                signed?: boolean;
                /** @description Leave out what people and skills wrote. */
                without_payloads?: boolean;
            };
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_explain: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_pause: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "Until the market opens."
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Requested"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_replay: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
                /** @description wait=N: answer when the run ends or parks, after N ≤ 60 s at most. */
                Prefer?: string;
            };
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "mode": "tape"
                 *     }
                 */
                "application/json": components["schemas"]["ReplayBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplayReport"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplayReport"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_replays_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                child_id: string;
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplayReport"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_rerun: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
                /** @description wait=N: answer when the run ends or parks, after N ≤ 60 s at most. */
                Prefer?: string;
            };
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "from_step": "price",
                 *       "dry_run": true
                 *     }
                 */
                "application/json": components["schemas"]["RerunBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RerunPreview"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "The market is open."
                 *     }
                 */
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Requested"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_undo_step: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
                /** @description wait=N: answer when the run ends or parks, after N ≤ 60 s at most. */
                Prefer?: string;
            };
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
                /** @example price */
                step_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "The customer withdrew."
                 *     }
                 */
                "application/json": components["schemas"]["UndoBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_top_up: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "amount_cents": "25"
                 *     }
                 */
                "application/json": components["schemas"]["TopUpBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToppedUpRun"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_trace: {
        parameters: {
            query?: {
                /** @description otlp: as OpenTelemetry spans (OTLP/JSON). */
                format?: "json" | "otlp";
            };
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraceAnswer"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runtime_capabilities: {
        parameters: {
            query?: {
                agent_id?: string | null;
                tenant_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallerCapabilities"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runtime_execute: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "skill": "json_transform",
                 *       "params": {
                 *         "input": {
                 *           "x": 1
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["ExecuteBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutedOutcome"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runtime_failure_catalog: {
        parameters: {
            query?: {
                code?: string | null;
                skill?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runtime_query: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "what": "history",
                 *       "filters": {}
                 *     }
                 */
                "application/json": components["schemas"]["QueryBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionAnswer"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runtime_resource_contract: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example run_01a22488cd387822aa9c0fa3bccedec2 */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceContract"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runtime_simulate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "plan": {
                 *         "goal": "Take the price out of an answer",
                 *         "steps": [
                 *           {
                 *             "step_id": "price",
                 *             "skill": "json_transform",
                 *             "params": {
                 *               "input": {
                 *                 "data": {
                 *                   "amount": "67000.12"
                 *                 }
                 *               },
                 *               "path": "$.data.amount"
                 *             }
                 *           }
                 *         ]
                 *       },
                 *       "agent": "assistant"
                 *     }
                 */
                "application/json": components["schemas"]["SimulateBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuntimeSimulation"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runtime_skills: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuntimeSkills"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runtime_skill: {
        parameters: {
            query?: {
                version?: string | null;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SkillMetadata"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    schemas_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SchemaNames"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    schemas_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    service_accounts_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    service_accounts_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "nightly",
                 *       "role": "developer",
                 *       "description": "Starts the nightly runs."
                 *     }
                 */
                "application/json": components["schemas"]["AccountBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    service_accounts_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example svc_01a22488cd387822aa9c0fa3bccedec2 */
                account_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    service_accounts_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example svc_01a22488cd387822aa9c0fa3bccedec2 */
                account_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "role": "viewer"
                 *     }
                 */
                "application/json": components["schemas"]["PatchedAccountChanges"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    skills_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SkillList"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    skills_get: {
        parameters: {
            query?: {
                version?: string | null;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SkillMetadata"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    usage_get: {
        parameters: {
            query?: {
                agent?: string | null;
                /** @description First day, as 2026-11-01. */
                from?: string | null;
                /** @description One or two of tenant, agent, run, skill, model, day, with a comma. */
                group_by?: string;
                /** @description Rows at most, those that cost most. */
                limit?: number;
                model?: string | null;
                run?: string | null;
                skill?: string | null;
                /** @description Last day, as 2026-11-30. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageAnswer"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    usage_forecast: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForecastAnswer"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhooks_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhooks_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "url": "https://hooks.example.com/aos",
                 *       "event_types": [
                 *         "run.failed",
                 *         "run.waiting"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["WebhookBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhooks_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example whk_01a22488cd387822aa9c0fa3bccedec2 */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhooks_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example whk_01a22488cd387822aa9c0fa3bccedec2 */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhooks_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example whk_01a22488cd387822aa9c0fa3bccedec2 */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "event_types": []
                 *     }
                 */
                "application/json": components["schemas"]["PatchedWebhookChanges"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhooks_answer: {
        parameters: {
            query?: never;
            header: {
                /** @description Names the message; the same one is heard once. */
                "webhook-id": string;
                /** @description v1,<base64 of HMAC-SHA-256 over id.timestamp.body by the endpoint's secret> */
                "webhook-signature": string;
                /** @description Unix seconds; at most five minutes from now. */
                "webhook-timestamp": string;
            };
            path: {
                /** @example whk_01a22488cd387822aa9c0fa3bccedec2 */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "run_id": "run_01a22488cd387822aa9c0fa3bccedec2",
                 *       "step_id": "price",
                 *       "verdict": "approve",
                 *       "action_hash": "0000000000000000000000000000000000000000000000000000000000000000",
                 *       "reason": "Checked against the order."
                 *     }
                 */
                "application/json": components["schemas"]["AnswerBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decided"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhook_deliveries_list: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
                state?: ("pending" | "delivered" | "failed") | null;
            };
            header?: never;
            path: {
                /** @example whk_01a22488cd387822aa9c0fa3bccedec2 */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhook_deliveries_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example msg_01a22488cd387822aa9c0fa3bccedec2 */
                delivery_id: string;
                /** @example whk_01a22488cd387822aa9c0fa3bccedec2 */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WholeDelivery"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhook_deliveries_redeliver: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @example msg_01a22488cd387822aa9c0fa3bccedec2 */
                delivery_id: string;
                /** @example whk_01a22488cd387822aa9c0fa3bccedec2 */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhooks_rotate_secret: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @example whk_01a22488cd387822aa9c0fa3bccedec2 */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhooks_test: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @example whk_01a22488cd387822aa9c0fa3bccedec2 */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    whoami: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhoamiView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
