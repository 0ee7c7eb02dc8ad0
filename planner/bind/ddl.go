package bind

import (
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// definer is the part of binding that makes commands of statements which define objects.
type definer struct {
	*binder
	// renames are names that objects are about to get: schema and name.
	renames map[catalog.OID][2]string
}

// definition binds a statement that defines, changes or drops objects; nil without an error when it is not of that kind.
func (b *binder) definition(n *pg.Node) (command.Command, error) {
	// What cannot be called yet may be defined: it is refused where it would run.
	b.opts.Supported = nil
	return (&definer{binder: b}).statement(n)
}

func (b *definer) statement(n *pg.Node) (command.Command, error) {
	switch s := n.Node.(type) {
	case *pg.Node_CreateStmt:
		return b.createTable(s.CreateStmt)
	case *pg.Node_CreateTableAsStmt:
		return b.createTableAs(s.CreateTableAsStmt)
	case *pg.Node_SelectStmt:
		return b.selectInto(n)
	case *pg.Node_AlterTableStmt:
		return b.alterTable(s.AlterTableStmt)
	case *pg.Node_IndexStmt:
		return b.createIndex(s.IndexStmt)
	case *pg.Node_CreateSeqStmt:
		return b.createSequence(s.CreateSeqStmt)
	case *pg.Node_AlterSeqStmt:
		return b.alterSequence(s.AlterSeqStmt)
	case *pg.Node_ViewStmt:
		return b.createView(s.ViewStmt)
	case *pg.Node_DropStmt:
		return b.dropStatement(s.DropStmt)
	case *pg.Node_TruncateStmt:
		return b.truncate(s.TruncateStmt)
	case *pg.Node_RenameStmt:
		c, err := b.rename(s.RenameStmt)
		b.out.Locks = nil // what the views read that call something by another name now is in nobody's way
		return c, err
	case *pg.Node_CommentStmt:
		return b.comment(s.CommentStmt)
	case *pg.Node_AlterOwnerStmt:
		return b.alterOwner(s.AlterOwnerStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		return b.alterSchema(s.AlterObjectSchemaStmt)
	}
	return b.defineType(n)
}

func (b *definer) defineType(n *pg.Node) (command.Command, error) {
	switch s := n.Node.(type) {
	case *pg.Node_CreateSchemaStmt:
		return b.createSchema(s.CreateSchemaStmt)
	case *pg.Node_CreateEnumStmt:
		return b.createEnum(s.CreateEnumStmt)
	case *pg.Node_CompositeTypeStmt:
		return unplaced(b.createComposite(s.CompositeTypeStmt))
	case *pg.Node_AlterEnumStmt:
		return b.alterEnum(s.AlterEnumStmt)
	case *pg.Node_CreateDomainStmt:
		return unplaced(b.createDomain(s.CreateDomainStmt))
	case *pg.Node_AlterDomainStmt:
		return unplaced(b.alterDomain(s.AlterDomainStmt))
	case *pg.Node_CreateFunctionStmt:
		return b.createFunction(s.CreateFunctionStmt)
	case *pg.Node_AlterFunctionStmt:
		return b.alterFunction(s.AlterFunctionStmt)
	case *pg.Node_CreateTrigStmt:
		return b.createTrigger(s.CreateTrigStmt)
	case *pg.Node_CreateExtensionStmt:
		return &command.CreateExtension{Name: s.CreateExtensionStmt.Extname, IfNotExists: s.CreateExtensionStmt.IfNotExists}, nil
	case *pg.Node_AlterExtensionStmt:
		return nil, noExtension(s.AlterExtensionStmt.Extname)
	}
	return b.defineRole(n)
}

func (b *definer) defineRole(n *pg.Node) (command.Command, error) {
	switch s := n.Node.(type) {
	case *pg.Node_CreateRoleStmt:
		return b.createRole(s.CreateRoleStmt)
	case *pg.Node_AlterRoleStmt:
		return b.alterRole(s.AlterRoleStmt)
	case *pg.Node_AlterRoleSetStmt:
		return b.alterRoleSet(s.AlterRoleSetStmt)
	case *pg.Node_AlterDatabaseSetStmt:
		return b.alterDatabaseSet(s.AlterDatabaseSetStmt)
	case *pg.Node_DropRoleStmt:
		return b.dropRole(s.DropRoleStmt)
	case *pg.Node_GrantRoleStmt:
		return b.grantRole(s.GrantRoleStmt)
	case *pg.Node_GrantStmt:
		return b.grant(s.GrantStmt)
	case *pg.Node_AlterDefaultPrivilegesStmt:
		return b.defaultPrivileges(s.AlterDefaultPrivilegesStmt)
	case *pg.Node_ReassignOwnedStmt:
		return b.reassignOwned(s.ReassignOwnedStmt)
	case *pg.Node_DropOwnedStmt:
		return b.dropOwned(s.DropOwnedStmt)
	case *pg.Node_CreatedbStmt:
		return b.createDatabase(s.CreatedbStmt)
	case *pg.Node_AlterDatabaseStmt:
		return b.alterDatabase(s.AlterDatabaseStmt)
	case *pg.Node_DropdbStmt:
		return b.dropDatabase(s.DropdbStmt)
	}
	if what := undefinable(n); what != "" {
		return nil, pgerr.Unsupported("%s", what)
	}
	return nil, nil
}

// undefinable names the statements about objects that Rowan does not have.
func undefinable(n *pg.Node) string {
	switch s := n.Node.(type) {
	case *pg.Node_RuleStmt:
		return "CREATE RULE"
	case *pg.Node_CreatePolicyStmt:
		return "CREATE POLICY"
	case *pg.Node_AlterPolicyStmt:
		return "ALTER POLICY"
	case *pg.Node_CreatePublicationStmt:
		return "CREATE PUBLICATION"
	case *pg.Node_AlterPublicationStmt:
		return "ALTER PUBLICATION"
	case *pg.Node_CreateSubscriptionStmt:
		return "CREATE SUBSCRIPTION"
	case *pg.Node_AlterSubscriptionStmt:
		return "ALTER SUBSCRIPTION"
	case *pg.Node_DropSubscriptionStmt:
		return "DROP SUBSCRIPTION"
	case *pg.Node_DefineStmt:
		return "CREATE " + objectWord(s.DefineStmt.Kind)
	case *pg.Node_CreateCastStmt:
		return "CREATE CAST"
	case *pg.Node_CreateOpClassStmt:
		return "CREATE OPERATOR CLASS"
	case *pg.Node_CreateOpFamilyStmt:
		return "CREATE OPERATOR FAMILY"
	case *pg.Node_AlterOpFamilyStmt:
		return "ALTER OPERATOR FAMILY"
	case *pg.Node_CreateConversionStmt:
		return "CREATE CONVERSION"
	}
	return undefinableToo(n)
}

func undefinableToo(n *pg.Node) string {
	switch n.Node.(type) {
	case *pg.Node_CreateRangeStmt:
		return "CREATE TYPE AS RANGE"
	case *pg.Node_CreateTransformStmt:
		return "CREATE TRANSFORM"
	case *pg.Node_CreateStatsStmt:
		return "CREATE STATISTICS"
	case *pg.Node_AlterStatsStmt:
		return "ALTER STATISTICS"
	case *pg.Node_CreateEventTrigStmt:
		return "CREATE EVENT TRIGGER"
	case *pg.Node_AlterEventTrigStmt:
		return "ALTER EVENT TRIGGER"
	case *pg.Node_CreateForeignServerStmt:
		return "CREATE SERVER"
	case *pg.Node_CreateForeignTableStmt:
		return "CREATE FOREIGN TABLE"
	case *pg.Node_CreateFdwStmt:
		return "CREATE FOREIGN DATA WRAPPER"
	case *pg.Node_CreateUserMappingStmt:
		return "CREATE USER MAPPING"
	case *pg.Node_ImportForeignSchemaStmt:
		return "IMPORT FOREIGN SCHEMA"
	case *pg.Node_CreatePlangStmt:
		return "CREATE LANGUAGE"
	case *pg.Node_CreateAmStmt:
		return "CREATE ACCESS METHOD"
	case *pg.Node_CreateTableSpaceStmt:
		return "CREATE TABLESPACE"
	case *pg.Node_DropTableSpaceStmt:
		return "DROP TABLESPACE"
	case *pg.Node_RefreshMatViewStmt:
		return "REFRESH MATERIALIZED VIEW"
	case *pg.Node_SecLabelStmt:
		return "SECURITY LABEL"
	case *pg.Node_AlterOperatorStmt:
		return "ALTER OPERATOR"
	case *pg.Node_AlterTypeStmt:
		return "ALTER TYPE SET"
	case *pg.Node_AlterTsdictionaryStmt:
		return "ALTER TEXT SEARCH DICTIONARY"
	case *pg.Node_AlterTsconfigurationStmt:
		return "ALTER TEXT SEARCH CONFIGURATION"
	case *pg.Node_AlterSystemStmt:
		return "ALTER SYSTEM"
	}
	return ""
}
