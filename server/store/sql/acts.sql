-- SPDX-License-Identifier: Apache-2.0
-- What every administrative act has in common. A statement that changes a scope's rows raises its
-- epoch (epoch_raise) and writes the audit row (audit_admin) itself, so that nothing is forgotten.

-- group: act
-- members: tenant tenant_id, event event_id, operation text, user_address text?,
--   component component_id?, component_name text, client_address text, user_agent text,
--   correlation_id text
-- The parameters of audit_admin, in its order; what the act was done to comes last.

-- fragment: platform
-- The scope of what belongs to no tenant.
'00000000-0000-0000-0000-000000000000';

-- fragment: platform_epoch
coalesce((SELECT epoch FROM epoch WHERE scope = '00000000-0000-0000-0000-000000000000'), 0)::int8;
